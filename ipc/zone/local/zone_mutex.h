#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_MUTEX_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_MUTEX_H_

#include <atomic>
#include <chrono>
#include <mutex>

#include "absl/time/time.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/zone/local/holding_thread.h"
#include "muster/ipc/zone/local/thread_end_notice.h"

namespace muster::ipc {

// A Mutex for all threads of a participant: a lock of the process in front of the plain handle. One
// object for each mutex and process. Threads of other processes and of this one compete alike, and
// the outcomes are those of Mutex. In particular a thread that locks what it holds gets
// kWouldDeadlock, and only the thread that locked it unlocks it.
//
// A thread that ends while it holds the mutex abandons it: the next owner, in any process, gets
// kOwnerDied. holding_thread.h tells when the end of a thread is seen.
//
// In a child of fork each Lock returns kNotParticipant and each Unlock false, whatever the parent's
// threads did at the fork.
//
// Thread-safe. No thread may hold it or be in a call when it is destroyed; if the destroying thread
// holds it, it abandons it. Memory as in Mutex.
class ZoneMutex {
 public:
  // Nobody else may use `mutex`'s participant for this mutex. `repair` is called by lock() and the
  // like, instead of the callback in MutexOptions.
  explicit ZoneMutex(Mutex mutex, RepairCallback repair = nullptr);
  ~ZoneMutex();
  ZoneMutex(const ZoneMutex&) = delete;
  ZoneMutex& operator=(const ZoneMutex&) = delete;

  [[nodiscard]] LockOutcome Lock() {
    if (!participant_.holds()) [[unlikely]]
      return LockOutcome::kNotParticipant;
    HoldingThread& me = HoldingThread::Current();
    if (const HoldingThread* owner = owner_.load(std::memory_order_relaxed); owner != nullptr)
        [[unlikely]] {
      if (owner == &me) return LockOutcome::kWouldDeadlock;
      mutex_.CountWait();
    }
    local_.lock();
    return Keep(me, mutex_.Lock());
  }
  // Never blocks. kBusy: a live participant holds the mutex, or another thread of this one holds it
  // or waits for it.
  [[nodiscard]] LockOutcome TryLock() {
    if (!participant_.holds()) [[unlikely]]
      return LockOutcome::kNotParticipant;
    HoldingThread& me = HoldingThread::Current();
    if (IsHeldBy(me)) [[unlikely]]
      return LockOutcome::kWouldDeadlock;
    if (!local_.try_lock()) return LockOutcome::kBusy;
    return Keep(me, mutex_.TryLock());
  }
  // Both block until the deadline at the longest, and try at least once.
  [[nodiscard]] LockOutcome TryLockUntil(Deadline deadline);
  [[nodiscard]] LockOutcome TryLockFor(absl::Duration wait) {
    return TryLockUntil(Deadline::After(wait));
  }
  // False: this thread does not hold the mutex, or its word was damaged.
  bool Unlock() {
    // In a child of fork too: nothing here waits, and the plain handle refuses.
    HoldingThread& me = HoldingThread::Current();
    if (!IsHeldBy(me)) [[unlikely]]
      return false;
    const bool was_held = mutex_.Unlock();
    Release(me);
    return was_held;
  }
  // Call it after kOwnerDied, when the data is repaired and before Unlock. Without effect if this
  // thread does not hold the mutex.
  void MarkConsistent();
  // Instead of Unlock, as Mutex::MarkNotRecoverable.
  bool MarkNotRecoverable();

  // The participant is to leave: from now on each Lock returns kNotParticipant and each Unlock
  // false, also in threads that wait. Zone::Get's are expired by Participant::Leave. The inline
  // path of a Lock that runs at the same moment may still acquire.
  void Expire();

  // The standard's TimedLockable, as in Mutex.
  void lock() { Require(Lock(), "ZoneMutex::lock"); }
  bool try_lock() { return Accept(TryLock(), "ZoneMutex::try_lock"); }
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
    return Accept(TryLockUntil(Deadline::After(wait)), "ZoneMutex::try_lock_for");
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    while (true) {
      const LockOutcome outcome = TryLockUntil(Deadline::Until(time));
      // Its clock may go slower than ours, or be set back.
      if (outcome != LockOutcome::kTimedOut || Deadline::Until(time).has_passed()) {
        return Accept(outcome, "ZoneMutex::try_lock_until");
      }
    }
  }
  void unlock();

 private:
  // Relaxed: only a thread itself stores its own identity, and takes it away.
  bool IsHeldBy(const HoldingThread& thread) const {
    return owner_.load(std::memory_order_relaxed) == &thread;
  }
  // With local_ locked.
  LockOutcome Keep(HoldingThread& me, LockOutcome outcome) {
    if (Holds(outcome)) [[likely]] {
      owner_.store(&me, std::memory_order_relaxed);
      me.AddExclusive();
    } else {
      local_.unlock();
    }
    return outcome;
  }
  void Release(HoldingThread& me) {
    owner_.store(nullptr, std::memory_order_relaxed);
    me.RemoveExclusive();
    local_.unlock();
  }
  void AbandonIfHeldBy(HoldingThread& thread);
  void Require(LockOutcome outcome, const char* call) {
    if (outcome != LockOutcome::kAcquired) [[unlikely]]
      RepairOrTerminate(outcome, call);
  }
  bool Accept(LockOutcome outcome, const char* call);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  const ForkGuard guard_ = ForkGuard::OfThisProcess();
  ForkGuard participant_ = guard_;  // until Expire
  Mutex mutex_;                     // for the thread that holds local_
  std::timed_mutex local_;
  // The thread within its section. Null: none. Written by the thread that holds local_.
  std::atomic<HoldingThread*> owner_{nullptr};
  RepairCallback repair_;
  ThreadEndNotice at_thread_end_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_MUTEX_H_
