#ifndef MUSTER_IPC_ZONE_OBJECT_KIND_H_
#define MUSTER_IPC_ZONE_OBJECT_KIND_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// What an object in a zone is. The numbers stand in shared memory: a new kind gets a new one, and
// none is used again.
enum class ObjectKind : std::uint32_t {
  kPlain = 1,  // a struct, of which the zone knows nothing but the size
  kMutex = 2,
  kRwLock = 3,
  kSemaphore = 4,
  kOnce = 5,
  kSpinlock = 6,
  kEvent = 7,
  kEventFd = 8,
  kLatch = 9,
  kCounter = 10,
};

// "mutex" and so on; "kind 77" for a number that this program does not know.
std::string ToString(ObjectKind kind);

// Bytes that the state of such an object takes. `count`: the slots of an rwlock or a counter, the
// permits of a semaphore; else ignored. Zero: the kind says nothing about it, or is not known.
std::size_t StateBytes(ObjectKind kind, std::uint32_t count);

// Releases what `dead` held of the object at `state`, and wakes its sleepers, as the Recover of its
// state does. `state` has StateBytes(kind, count) at least. Idempotent, and several processes may
// do it at once; never blocks. False: this program does not know the kind, and did nothing.
bool RecoverObject(ObjectKind kind, void* state, std::uint32_t count, OwnerTag dead);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_OBJECT_KIND_H_
