#include "muster/ipc/zone/inspect/object_holders.h"

#include <atomic>
#include <cstdint>

#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/lock_counts.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/zone/object_parts.h"

namespace muster::ipc {
namespace {

// Relaxed, all: a moment's look, at words that may change in the next.
void AddWord(const std::atomic<std::uint32_t>& lock_word, ObjectHolders& holders) {
  const std::uint32_t word = lock_word.load(std::memory_order_relaxed);
  if (word == kUnlockedWord) return;
  if (IsMark(word)) {
    holders.is_done = (word & ~OwnerTag::kWaiters) == kDoneMark;
    holders.is_poisoned = !holders.is_done;
    return;
  }
  holders.has_waiters = word & OwnerTag::kWaiters;
  holders.owner_died = word & OwnerTag::kDied;
  const OwnerTag owner = OwnerTag::InWord(word);
  if (owner != OwnerTag()) {
    holders.owners.push_back(owner);
  } else {
    // Whether somebody sleeps nobody knows: the flag is set with the death.
    holders.has_waiters = false;
  }
}

LockTotals TotalsOf(const LockCounts& counts) {
  return {.waits = counts.waits(), .recoveries = counts.recoveries()};
}

}  // namespace

ObjectHolders HoldersOf(const ObjectView& object) {
  ObjectHolders holders;
  switch (object.kind) {
    case ObjectKind::kMutex: {
      const auto& mutex = *reinterpret_cast<const MutexState*>(object.state);
      AddWord(mutex.word, holders);
      holders.totals = TotalsOf(mutex.counts);
      break;
    }
    case ObjectKind::kSpinlock:
      AddWord(reinterpret_cast<const SpinlockState*>(object.state)->word, holders);
      break;
    case ObjectKind::kOnce:
      AddWord(reinterpret_cast<const OnceState*>(object.state)->word, holders);
      break;
    case ObjectKind::kRwLock: {
      const RwLockParts parts(object.state, object.count);
      AddWord(parts.writer->word, holders);
      holders.totals = TotalsOf(parts.writer->counts);
      for (const RwLockReader& reader : parts.readers) {
        const std::uint32_t word = reader.word.load(std::memory_order_relaxed);
        if (word != 0) holders.readers.push_back(OwnerTag::InWord(word));
      }
      break;
    }
    case ObjectKind::kSemaphore: {
      const SemaphoreParts parts(object.state, object.count);
      for (const PermitWord& permit : parts.owners) {
        const std::uint32_t word = permit.load(std::memory_order_relaxed);
        if (word != 0) holders.owners.push_back(OwnerTag::InWord(word));
      }
      holders.has_waiters = parts.header->released.word.load(std::memory_order_relaxed) & 1;
      break;
    }
    case ObjectKind::kEventFd:
      holders.has_waiters = reinterpret_cast<const EventFdState*>(object.state)
                                ->word.load(std::memory_order_relaxed) &
                            1;
      break;
    case ObjectKind::kEvent:
      holders.has_waiters =
          reinterpret_cast<const EventState*>(object.state)->word.load(std::memory_order_relaxed) &
          1;
      break;
    case ObjectKind::kPlain:
    case ObjectKind::kLatch:
    case ObjectKind::kCounter:
      break;
  }
  return holders;
}

}  // namespace muster::ipc
