#include "muster/ipc/zone/object_kind.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/zone/object_parts.h"

namespace muster::ipc {

std::string ToString(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kPlain:
      return "plain";
    case ObjectKind::kMutex:
      return "mutex";
    case ObjectKind::kRwLock:
      return "rwlock";
    case ObjectKind::kSemaphore:
      return "semaphore";
    case ObjectKind::kOnce:
      return "once";
    case ObjectKind::kSpinlock:
      return "spinlock";
    case ObjectKind::kEvent:
      return "event";
    case ObjectKind::kEventFd:
      return "event fd";
    case ObjectKind::kLatch:
      return "latch";
    case ObjectKind::kCounter:
      return "counter";
  }
  return absl::StrCat("kind ", static_cast<std::uint32_t>(kind));
}

std::size_t StateBytes(ObjectKind kind, std::uint32_t count) {
  switch (kind) {
    case ObjectKind::kMutex:
      return sizeof(MutexState);
    case ObjectKind::kRwLock:
      return RwLockParts::BytesFor(count);
    case ObjectKind::kSemaphore:
      return SemaphoreParts::BytesFor(count);
    case ObjectKind::kOnce:
      return sizeof(OnceState);
    case ObjectKind::kSpinlock:
      return sizeof(SpinlockState);
    case ObjectKind::kEvent:
      return sizeof(EventState);
    case ObjectKind::kEventFd:
      return sizeof(EventFdState);
    case ObjectKind::kCounter:
      return std::size_t{count} * kCacheLineBytes;
    case ObjectKind::kPlain:
    case ObjectKind::kLatch:
      return 0;
  }
  return 0;
}

bool RecoverObject(ObjectKind kind, void* state, std::uint32_t count, OwnerTag dead) {
  switch (kind) {
    case ObjectKind::kMutex:
      static_cast<MutexState*>(state)->Recover(dead);
      return true;
    case ObjectKind::kRwLock: {
      const RwLockParts parts(state, count);
      RecoverRwLock(*parts.writer, parts.readers, dead);
      return true;
    }
    case ObjectKind::kSemaphore: {
      const SemaphoreParts parts(state, count);
      RecoverPermits(*parts.header, parts.owners, dead);
      return true;
    }
    case ObjectKind::kOnce:
      static_cast<OnceState*>(state)->Recover(dead);
      return true;
    case ObjectKind::kSpinlock:
      static_cast<SpinlockState*>(state)->Recover(dead);
      return true;
    case ObjectKind::kEvent:
      static_cast<EventState*>(state)->Recover(dead);
      return true;
    case ObjectKind::kEventFd:  // by whoever has the descriptor: zone_attachment.h
    case ObjectKind::kPlain:
    case ObjectKind::kLatch:
    case ObjectKind::kCounter:
      return true;
  }
  return false;
}

}  // namespace muster::ipc
