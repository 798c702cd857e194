#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_SPINLOCK_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_SPINLOCK_H_

#include <atomic>

#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/zone/local/holding_thread.h"
#include "muster/ipc/zone/local/thread_end_notice.h"

namespace muster::ipc {

// A Spinlock for all threads of a participant, with a spinlock of the process in front of the plain
// handle. One object for each spinlock and process. For sections of about 100 ns; a waiter never
// sleeps, and yields the processor now and then. The outcomes are those of Spinlock; a thread that
// locks what it holds gets kWouldDeadlock, and only the thread that locked it unlocks it.
//
// A thread that ends while it holds the lock abandons it: the next owner, in any process, gets
// kOwnerDied. holding_thread.h tells when the end of a thread is seen.
//
// In a child of fork each Lock returns kNotParticipant and each Unlock false, as in ZoneMutex.
//
// Thread-safe. No thread may hold it or be in a call when it is destroyed; if the destroying thread
// holds it, it abandons it. Memory as in Spinlock.
class ZoneSpinlock {
 public:
  // Nobody else may use `spinlock`'s participant for this spinlock. `repair` is called by lock()
  // and try_lock(), instead of the callback of `spinlock`.
  explicit ZoneSpinlock(Spinlock spinlock, RepairCallback repair = nullptr);
  ~ZoneSpinlock();
  ZoneSpinlock(const ZoneSpinlock&) = delete;
  ZoneSpinlock& operator=(const ZoneSpinlock&) = delete;

  [[nodiscard]] LockOutcome Lock() {
    if (!participant_.holds()) [[unlikely]]
      return LockOutcome::kNotParticipant;
    HoldingThread& me = HoldingThread::Current();
    if (!TakeLocal(me)) [[unlikely]]
      return LockSlowly(me, Deadline::Never());
    return Keep(me, spinlock_.Lock());
  }
  // Never waits. kBusy: a live participant holds the spinlock, or another thread of this one holds
  // it or waits for it.
  [[nodiscard]] LockOutcome TryLock() {
    if (!participant_.holds()) [[unlikely]]
      return LockOutcome::kNotParticipant;
    HoldingThread& me = HoldingThread::Current();
    if (!TakeLocal(me)) [[unlikely]]
      return IsHeldBy(me) ? LockOutcome::kWouldDeadlock : LockOutcome::kBusy;
    return Keep(me, spinlock_.TryLock());
  }
  // Tries at least once. May exceed the deadline by some 10 µs and the time of a yield.
  [[nodiscard]] LockOutcome TryLockUntil(Deadline deadline);
  // False: this thread does not hold the spinlock. Nothing was changed.
  bool Unlock() {
    // In a child of fork too: nothing here waits, and the plain handle refuses.
    HoldingThread& me = HoldingThread::Current();
    if (!IsHeldBy(me)) [[unlikely]]
      return false;
    const bool was_held = spinlock_.Unlock();
    Release(me);
    return was_held;
  }

  // As ZoneMutex::Expire.
  void Expire();

  // The standard's Lockable, as in Spinlock.
  void lock();
  bool try_lock();
  void unlock();

 private:
  // Relaxed: only a thread itself stores its own identity, and takes it away.
  bool IsHeldBy(const HoldingThread& thread) const {
    return owner_.load(std::memory_order_relaxed) == &thread;
  }
  bool TakeLocal(HoldingThread& me) {
    HoldingThread* nobody = nullptr;
    // Acquire: pairs with the release in Release.
    return owner_.compare_exchange_strong(nobody, &me, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  LockOutcome LockSlowly(HoldingThread& me, Deadline deadline);
  // With owner_ being this thread.
  LockOutcome Keep(HoldingThread& me, LockOutcome outcome) {
    if (Holds(outcome)) [[likely]] {
      me.AddExclusive();
    } else {
      owner_.store(nullptr, std::memory_order_release);
    }
    return outcome;
  }
  void Release(HoldingThread& me) {
    me.RemoveExclusive();
    owner_.store(nullptr, std::memory_order_release);
  }
  void AbandonIfHeldBy(HoldingThread& thread);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  const ForkGuard guard_ = ForkGuard::OfThisProcess();
  ForkGuard participant_ = guard_;  // until Expire
  Spinlock spinlock_;               // for the thread in owner_
  // The lock of the process: the thread that has it, or null. Written by that thread only.
  std::atomic<HoldingThread*> owner_{nullptr};
  RepairCallback repair_;
  ThreadEndNotice at_thread_end_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_SPINLOCK_H_
