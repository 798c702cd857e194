#ifndef MUSTER_IPC_LOCK_SPINLOCK_H_
#define MUSTER_IPC_LOCK_SPINLOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of a spinlock that is in shared memory. All bytes zero: unlocked.
struct alignas(kCacheLineBytes) SpinlockState {
  // OwnerTag and flags, as described in internal/owner_lock.h. Written by participants that lock
  // and unlock, and by Recover.
  std::atomic<std::uint32_t> word{0};
  // The owner's tag, from after it has the word until before it gives it up, or zero: so that to
  // look who unlocks does not wait for the word. Written by the owner and by Recover.
  std::atomic<std::uint32_t> holder{0};

  // As MutexState::Recover. True: `dead` held the spinlock, and the next owner gets kOwnerDied.
  bool Recover(OwnerTag dead);
  // As MutexState::Reset, for a damaged word: no call of a Spinlock makes it kNotRecoverable.
  bool Reset();
};
static_assert(sizeof(SpinlockState) == 128 && alignof(SpinlockState) == 128);
static_assert(offsetof(SpinlockState, word) == 0 && offsetof(SpinlockState, holder) == 4);
static_assert(std::is_standard_layout_v<SpinlockState>);
static_assert(std::is_trivially_destructible_v<SpinlockState>);

// A lock for sections of about 100 ns, between participants that each have a processor. Unlocking
// is plain stores. A waiter spins (test and test-and-set, with doubling pauses) and never
// sleeps. Every 10 µs it yields the processor and checks whether the owner is alive. The death of
// an owner is reported once, to the next owner, who must repair the data before it unlocks. If you
// need more than that, or longer sections, use a Mutex.
//
// One handle for each participant. A handle is for one thread at a time and is not recursive. In a
// child of fork, and with a tag that the registry does not show as live, it answers kNotParticipant
// and false, as a Mutex does. `state` and the memory of `registry` must outlive it.
//
// Everything before an Unlock happens before everything after the next Lock.
class Spinlock {
 public:
  Spinlock(SpinlockState* state, const Registry& registry, OwnerTag self,
           RepairCallback repair = nullptr);

  [[nodiscard]] LockOutcome Lock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(Deadline::Never());
  }
  // Never waits. kBusy: a live participant holds the spinlock.
  [[nodiscard]] LockOutcome TryLock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return TryLockSlowly();
  }
  // Tries at least once. May exceed the deadline by 10 µs and the time of a yield.
  [[nodiscard]] LockOutcome TryLockUntil(Deadline deadline) {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(deadline);
  }
  // False: this participant does not hold the spinlock. Nothing was changed. A store, not an
  // exchange: nobody sleeps on the word, and nobody takes the lock from a live owner.
  bool Unlock() {
    // Relaxed: only this participant writes its own tag there.
    if (!self_.holds() || state_->holder.load(std::memory_order_relaxed) != self_.bits())
        [[unlikely]]
      return UnlockSlowly();
    Free();
    return true;
  }

  // Gives the spinlock up as if this participant had died: the next owner gets kOwnerDied. For a
  // thread that ends within its section. False: this participant does not hold it. Nothing was
  // changed.
  bool Abandon();
  // As Mutex::Expire.
  void Expire() { self_.End(); }

  // The standard's Lockable. After kOwnerDied they call the repair callback, or print a message and
  // abort, as in Mutex.
  void lock() {
    if (!TakeFree()) [[unlikely]]
      LockOrTerminate();
  }
  bool try_lock();
  void unlock() {
    if (!Unlock()) [[unlikely]]
      TerminateFor(LockOutcome::kBusy, "Spinlock::unlock");
  }

 private:
  bool TakeFree() {
    std::uint32_t free = kUnlockedWord;
    // Acquire: pairs with the release in Free.
    if (!self_.holds() ||
        !state_->word.compare_exchange_strong(free, self_.bits(), std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
      return false;
    }
    NoteHolder();
    return true;
  }
  // Relaxed: nobody else's look at it depends on when it is seen.
  void NoteHolder() { state_->holder.store(self_.bits(), std::memory_order_relaxed); }
  // By the owner. The holder first: it must not be there when the word is another's. Release: pairs
  // with the acquire of the next owner.
  void Free() {
    state_->holder.store(0, std::memory_order_relaxed);
    state_->word.store(kUnlockedWord, std::memory_order_release);
  }
  bool UnlockSlowly();
  LockOutcome Noted(LockOutcome outcome);
  LockOutcome LockSlowly(Deadline deadline);
  LockOutcome TryLockSlowly();
  void LockOrTerminate();

  SpinlockState* state_;
  internal::Identity self_;
  std::uint32_t pauses_;
  Registry registry_;
  RepairCallback repair_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_SPINLOCK_H_
