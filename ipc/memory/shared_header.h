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

// The values that must be equal in two processes before they use one block of shared memory.
struct SharedLayout {
  std::uint64_t magic;           // the kind of block
  std::uint32_t layout_version;  // incremented by each change of the layout
  std::uint64_t abi_hash;        // see AbiHash
};

// A hash of sizes, alignments and offsets. It differs when two compilers lay the block out
// differently. FNV-1a over the bytes of each number, the lowest byte first.
constexpr std::uint64_t AbiHash(std::initializer_list<std::uint64_t> facts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint64_t fact : facts) {
    for (int shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ ((fact >> shift) & 0xff)) * 0x100000001b3;
    }
  }
  return hash;
}

// The first bytes of a block of shared memory. Only the creator writes it, and nobody after kReady.
struct alignas(kCacheLineBytes) SharedHeader {
  enum State : std::uint32_t {
    kBuilding = 0,  // also the state of new memory, which is zero
    kReady = 1,
  };

  std::uint64_t magic;
  std::uint32_t layout_version;
  // The release store of kReady pairs with the acquire load in CheckHeader, so a process that
  // attaches sees the rest of the block completely built.
  std::atomic<std::uint32_t> state;
  std::uint64_t abi_hash;
  std::uint64_t size_bytes;   // of the whole block
  std::uint64_t instance_id;  // random; distinguishes a block from its successor
};
static_assert(sizeof(SharedHeader) == kCacheLineBytes);
static_assert(std::is_standard_layout_v<SharedHeader>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(offsetof(SharedHeader, state) == 12 && offsetof(SharedHeader, instance_id) == 32);

// Writes the header, with state kBuilding, into a block that no other process uses yet. The
// returned pointer is into `memory` and valid as long as it. InvalidArgument: the block is smaller
// than a header.
absl::StatusOr<SharedHeader*> CreateHeader(const SharedMemory& memory, const SharedLayout& layout);

// Lets other processes attach. They see everything that was written before this call.
void PublishHeader(SharedHeader* header);

// For the creator, if it does not trust those who attach: writes each field again that somebody
// changed. `instance_id` is what CreateHeader gave the block. The block must have been published.
void RestoreHeader(const SharedMemory& memory, const SharedLayout& layout,
                   std::uint64_t instance_id);

// Checks a block that a peer created. The returned pointer is into `memory` and valid as long as
// it. FailedPrecondition: the block is not ready, or not yet. InvalidArgument: the block is smaller
// than a header, or a field differs; the status names the field, its value and the expected value.
// Each field is read once, so a peer that changes it during the check gains nothing.
absl::StatusOr<const SharedHeader*> CheckHeader(const SharedMemory& memory,
                                                const SharedLayout& layout);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SHARED_HEADER_H_
