#include "muster/ipc/memory/shared_header.h"

#include <sys/random.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {
namespace {

absl::Status CheckRoom(const SharedMemory& memory) {
  if (memory.size_bytes() >= sizeof(SharedHeader)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("shared header: the block has ",
                                                 memory.size_bytes(), " bytes, expected at least ",
                                                 sizeof(SharedHeader)));
}

absl::Status Mismatch(absl::string_view field, const absl::AlphaNum& found,
                      const absl::AlphaNum& expected) {
  return absl::InvalidArgumentError(absl::StrCat("shared header: ", field, " is ", found.Piece(),
                                                 ", expected ", expected.Piece()));
}

// The compiler may not read a word of shared memory twice.
template <typename Word>
Word ReadOnce(const Word& word) {
  return *const_cast<const volatile Word*>(&word);
}

template <typename Word>
void WriteIfChanged(Word& word, Word value) {
  volatile Word& shared = word;
  if (shared != value) shared = value;
}

}  // namespace

absl::StatusOr<SharedHeader*> CreateHeader(const SharedMemory& memory, const SharedLayout& layout) {
  MUSTER_RETURN_IF_ERROR(CheckRoom(memory));
  std::uint64_t instance_id = 0;
  if (::getrandom(&instance_id, sizeof(instance_id), 0) != sizeof(instance_id)) {
    return ErrnoStatus("getrandom");
  }
  auto* const header = new (memory.data()) SharedHeader();
  header->magic = layout.magic;
  header->layout_version = layout.layout_version;
  header->abi_hash = layout.abi_hash;
  header->size_bytes = memory.size_bytes();
  header->instance_id = instance_id;
  return header;
}

void PublishHeader(SharedHeader* header) {
  header->state.store(SharedHeader::kReady, std::memory_order_release);
}

void RestoreHeader(const SharedMemory& memory, const SharedLayout& layout,
                   std::uint64_t instance_id) {
  auto* const header = std::launder(reinterpret_cast<SharedHeader*>(memory.data()));
  WriteIfChanged(header->magic, layout.magic);
  WriteIfChanged(header->layout_version, layout.layout_version);
  WriteIfChanged(header->abi_hash, layout.abi_hash);
  WriteIfChanged(header->size_bytes, std::uint64_t{memory.size_bytes()});
  WriteIfChanged(header->instance_id, instance_id);
  if (header->state.load(std::memory_order_relaxed) != SharedHeader::kReady) PublishHeader(header);
}

absl::StatusOr<const SharedHeader*> CheckHeader(const SharedMemory& memory,
                                                const SharedLayout& layout) {
  MUSTER_RETURN_IF_ERROR(CheckRoom(memory));
  const auto* const header = std::launder(reinterpret_cast<const SharedHeader*>(memory.data()));
  // Pairs with the release in PublishHeader.
  if (const std::uint32_t state = header->state.load(std::memory_order_acquire);
      state != SharedHeader::kReady) {
    return absl::FailedPreconditionError(
        absl::StrCat("shared header: state is ", state, ", expected ready (",
                     static_cast<std::uint32_t>(SharedHeader::kReady), ")"));
  }
  if (const auto magic = ReadOnce(header->magic); magic != layout.magic) {
    return Mismatch("magic", absl::Hex(magic), absl::Hex(layout.magic));
  }
  if (const auto version = ReadOnce(header->layout_version); version != layout.layout_version) {
    return Mismatch("layout version", version, layout.layout_version);
  }
  if (const auto hash = ReadOnce(header->abi_hash); hash != layout.abi_hash) {
    return Mismatch("ABI hash", absl::Hex(hash), absl::Hex(layout.abi_hash));
  }
  if (const auto size = ReadOnce(header->size_bytes); size != memory.size_bytes()) {
    return Mismatch("size in bytes", size, memory.size_bytes());
  }
  return header;
}

}  // namespace muster::ipc
