#ifndef MUSTER_IPC_ZONE_OBJECT_PARTS_H_
#define MUSTER_IPC_ZONE_OBJECT_PARTS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"

namespace muster::ipc {

// Where the parts are of an object whose size is known at run time only. The memory is zero at
// first, which is a valid beginning of each.

struct RwLockParts {
  static constexpr std::size_t BytesFor(std::uint32_t slots) {
    return sizeof(RwLockWriter) + std::size_t{slots} * sizeof(RwLockReader);
  }
  RwLockParts(void* state, std::uint32_t slots)
      : writer(static_cast<RwLockWriter*>(state)),
        readers(reinterpret_cast<RwLockReader*>(writer + 1), slots) {}

  RwLockWriter* writer;
  absl::Span<RwLockReader> readers;
};

struct SemaphoreParts {
  static constexpr std::size_t kHeaderBytes =
      (sizeof(SemaphoreHeader) + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  static constexpr std::size_t BytesFor(std::uint32_t permits) {
    return kHeaderBytes + std::size_t{permits} * sizeof(PermitWord);
  }
  SemaphoreParts(void* state, std::uint32_t permits)
      : header(static_cast<SemaphoreHeader*>(state)),
        owners(reinterpret_cast<PermitWord*>(static_cast<std::byte*>(state) + kHeaderBytes),
               permits) {}

  SemaphoreHeader* header;
  absl::Span<PermitWord> owners;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_OBJECT_PARTS_H_
