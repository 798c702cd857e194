#include "muster/ipc/lock/internal/registry_header.h"

#include <algorithm>
#include <climits>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/participant_line.h"

namespace muster::ipc::internal {
namespace {

enum RegistryMode : std::uint32_t {
  kParented = 0,
  kBound = 1,  // participants hold locks in a Liveness
};

constexpr std::uint64_t kMagic = 0x7972747369676572;  // "registry" in memory
constexpr std::uint32_t kVersion = 1;

}  // namespace

std::size_t RegistryBytes(std::uint32_t capacity) {
  return sizeof(RegistryHeader) + std::size_t{capacity} * sizeof(ParticipantLine);
}

absl::Status CheckRegistryMemory(const void* memory, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(memory) % kCacheLineBytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry: its memory is not aligned to ", kCacheLineBytes, " bytes"));
  }
  if (bytes < sizeof(RegistryHeader)) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry: ", bytes, " bytes do not hold its header"));
  }
  return absl::OkStatus();
}

absl::Status RegistryShape::Check(std::size_t bytes) const {
  if (capacity < 1 || capacity > OwnerTag::kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("registry: a capacity of ", capacity,
                                                   " is not within 1..", OwnerTag::kMaxSlots));
  }
  if (RegistryBytes(capacity) > bytes) {
    return absl::InvalidArgumentError(absl::StrCat("registry: a capacity of ", capacity, " needs ",
                                                   RegistryBytes(capacity), " bytes, there are ",
                                                   bytes));
  }
  if (generation_bits < 1 || generation_bits > OwnerTag::kGenerationBits) {
    return absl::InvalidArgumentError(absl::StrCat("registry: generations of ", generation_bits,
                                                   " bits are not within 1..",
                                                   OwnerTag::kGenerationBits));
  }
  return absl::OkStatus();
}

void RegistryHeader::Store(const RegistryShape& shape) {
  const bool is_default = shape.generation_bits == OwnerTag::kGenerationBits;
  version.store(kVersion, std::memory_order_relaxed);
  capacity.store(shape.capacity, std::memory_order_relaxed);
  mode.store(shape.inode ? kBound : kParented, std::memory_order_relaxed);
  generation_bits.store(is_default ? 0 : static_cast<std::uint32_t>(shape.generation_bits),
                        std::memory_order_relaxed);
  inode.store(shape.inode.value_or(0), std::memory_order_relaxed);
  // Release: who sees the magic (Read, acquire) sees the rest.
  magic.store(kMagic, std::memory_order_release);
}

absl::StatusOr<RegistryShape> RegistryHeader::Read(std::size_t bytes) const {
  // Acquire: pairs with the release in Store.
  const std::uint64_t found = magic.load(std::memory_order_acquire);
  const std::uint32_t layout = version.load(std::memory_order_relaxed);
  const std::uint32_t how = mode.load(std::memory_order_relaxed);
  const std::uint32_t bits = generation_bits.load(std::memory_order_relaxed);
  RegistryShape shape;
  shape.capacity = capacity.load(std::memory_order_relaxed);
  if (bits != 0) shape.generation_bits = static_cast<int>(std::min(bits, std::uint32_t{INT_MAX}));
  if (how == kBound) shape.inode = inode.load(std::memory_order_relaxed);
  if (found != kMagic) {
    return absl::DataLossError(absl::StrCat("registry: wrong magic 0x", absl::Hex(found)));
  }
  if (layout != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("registry: layout version ", layout, ", this program has ", kVersion));
  }
  if (how != kParented && how != kBound) {
    return absl::DataLossError(absl::StrCat("registry: unknown mode ", how));
  }
  MUSTER_RETURN_IF_ERROR(shape.Check(bytes));
  return shape;
}

}  // namespace muster::ipc::internal
