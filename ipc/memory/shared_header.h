#ifndef MUSTER_IPC_MEMORY_SHARED_HEADER_H_
#define MUSTER_IPC_MEMORY_SHARED_HEADER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {

// What must agree before two processes use one block of shared memory.
struct SharedLayout {
  std::uint64_t magic;           // what kind of block
  std::uint32_t layout_version;  // raised at each change of the layout
  std::uint64_t abi_hash;        // see AbiHash
};

// A number that differs when compilers disagree about the layout: give it the
// sizes, alignments and offsets that matter. FNV-1a over the bytes of each.
constexpr std::uint64_t AbiHash(std::initializer_list<std::uint64_t> facts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint64_t fact : facts) {
    for (int shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ ((fact >> shift) & 0xff)) * 0x100000001b3;
    }
  }
  return hash;
}

// The first bytes of a block. Written by its creator only, before kReady.
struct alignas(kCacheLineBytes) SharedHeader {
  enum State : std::uint32_t {
    kBuilding = 0,  // also what fresh memory says
    kReady = 1,
  };

  std::uint64_t magic;
  std::uint32_t layout_version;
  // The release store of kReady pairs with the acquire load of who attaches, so
  // the rest of the block is seen built.
  std::atomic<std::uint32_t> state;
  std::uint64_t abi_hash;
  std::uint64_t size_bytes;   // of the whole block
  std::uint64_t instance_id;  // random; tells a block from its successor
};
static_assert(sizeof(SharedHeader) == kCacheLineBytes);
static_assert(std::is_standard_layout_v<SharedHeader>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(offsetof(SharedHeader, state) == 12 && offsetof(SharedHeader, instance_id) == 32);

// Writes the header of a block that only this process has so far; its state is kBuilding. The
// header lives in `memory`. InvalidArgument: the block is smaller than a header.
absl::StatusOr<SharedHeader*> CreateHeader(const SharedMemory& memory, const SharedLayout& layout);

// Lets others attach. Everything that was written before is visible to them.
void PublishHeader(SharedHeader* header);

// Checks a block that a peer made. FailedPrecondition: not (yet) ready. InvalidArgument:
// names the field, what was found and what was expected. Each word is read once,
// so a peer that changes them meanwhile gains nothing.
absl::StatusOr<const SharedHeader*> CheckHeader(const SharedMemory& memory,
                                                const SharedLayout& layout);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SHARED_HEADER_H_
