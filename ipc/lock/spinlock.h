#ifndef MUSTER_IPC_LOCK_SPINLOCK_H_
#define MUSTER_IPC_LOCK_SPINLOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of a spinlock that lies in shared memory. All bytes zero: unlocked.
struct alignas(kCacheLineBytes) SpinlockState {
  // OwnerTag and flags, as owner_lock.h says. Written by who locks and unlocks
  // and by Recover.
  std::atomic<std::uint32_t> word{0};

  // As MutexState::Recover. True: `dead` held it, and the next owner will be told.
  bool Recover(OwnerTag dead);
};
static_assert(sizeof(SpinlockState) == 128 && alignof(SpinlockState) == 128);
static_assert(offsetof(SpinlockState, word) == 0);
static_assert(std::is_standard_layout_v<SpinlockState>);
static_assert(std::is_trivially_destructible_v<SpinlockState>);

// For sections of some 100 ns between processes that have a processor each: unlocking is
// one plain store, waiting never sleeps but yields the processor every 10 µs and
// looks then whether the owner lives. It tells of a death once and is never
// poisoned: who needs that, or longer sections, takes a Mutex. One handle per
// participant; not for several threads at once, not recursive, not inherited over
// fork. `state` and what `registry` views outlive it.
//
// Everything before an Unlock happens before what follows the next Lock.
class Spinlock {
 public:
  Spinlock(SpinlockState* state, const Registry& registry, OwnerTag self,
           RepairCallback repair = nullptr);

  [[nodiscard]] LockOutcome Lock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(Deadline::Never());
  }
  // Never waits: kBusy.
  [[nodiscard]] LockOutcome TryLock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return TryLockSlowly();
  }
  // Tries at least once. May overrun by 10 µs and what a yield takes.
  [[nodiscard]] LockOutcome TryLockUntil(Deadline deadline) {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(deadline);
  }
  // The caller holds it. A store, not an exchange: nobody sleeps on it, and nobody
  // takes it from a live owner.
  void Unlock() {
    // Release: pairs with the acquire of the next owner.
    word_->store(kUnlockedWord, std::memory_order_release);
  }

  // The standard's Lockable. As in Mutex: kOwnerDied runs the repair callback or
  // ends the process with a message.
  void lock();
  bool try_lock();
  void unlock() { Unlock(); }

 private:
  bool TakeFree() {
    std::uint32_t free = kUnlockedWord;
    // Acquire: pairs with the release in Unlock.
    return word_->compare_exchange_strong(free, self_, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  LockOutcome LockSlowly(Deadline deadline);
  LockOutcome TryLockSlowly();

  std::atomic<std::uint32_t>* word_;
  std::uint32_t self_;
  std::uint32_t pauses_;
  Registry registry_;
  RepairCallback repair_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_SPINLOCK_H_
