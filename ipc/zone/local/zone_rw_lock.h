#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/zone/local/holding_thread.h"
#include "muster/ipc/zone/local/thread_end_notice.h"

namespace muster::ipc {

// A RwLock for all threads of a participant. One object for each lock and process. The participant
// holds the zone's lock shared while any of its threads reads: the first reader acquires it and the
// last one releases it. The outcomes are those of RwLock. Writers have priority here too: while a
// writer waits, in this process or in another one, new readers wait behind it, also when other
// threads of this process are reading. A thread that holds the lock and asks for it in whatever way
// gets kWouldDeadlock, and each thread releases only what it holds itself.
//
// A thread that ends while it holds the lock exclusively abandons it: the next writer, in any
// process, gets kOwnerDied. A thread that ends while it holds the lock shared releases it.
// holding_thread.h tells when the end of a thread is seen.
//
// In a child of fork each Lock returns kNotParticipant and each Unlock false, as in ZoneMutex.
//
// Thread-safe. No thread may hold it or be in a call when it is destroyed; what the destroying
// thread holds is given up as at its end. Memory as in RwLock, between threads too.
class ZoneRwLock {
 public:
  // Nobody else may use `lock`'s participant for this lock. `repair` is called by lock() and the
  // like, instead of the callback of `lock`.
  explicit ZoneRwLock(RwLock lock, RepairCallback repair = nullptr);
  ~ZoneRwLock();
  ZoneRwLock(const ZoneRwLock&) = delete;
  ZoneRwLock& operator=(const ZoneRwLock&) = delete;

  // Exclusive locks. Lock and LockUntil block; LockUntil tries at least once. TryLock may spin, and
  // never sleeps.
  [[nodiscard]] LockOutcome Lock() { return LockUntil(Deadline::Never()); }
  [[nodiscard]] LockOutcome TryLock();
  [[nodiscard]] LockOutcome LockUntil(Deadline deadline);
  // False: this thread does not hold the lock exclusively, or its word was damaged.
  bool Unlock() { return Leave(&RwLock::Unlock); }
  // Call it after kOwnerDied, when the data is repaired and before Unlock. Without effect if this
  // thread does not hold the lock exclusively.
  void MarkConsistent();
  // Instead of Unlock, as Mutex::MarkNotRecoverable.
  bool MarkNotRecoverable();

  // Shared locks.
  [[nodiscard]] LockOutcome LockShared() { return LockSharedUntil(Deadline::Never()); }
  [[nodiscard]] LockOutcome TryLockShared();
  [[nodiscard]] LockOutcome LockSharedUntil(Deadline deadline) {
    if (!participant_.holds()) [[unlikely]]
      return LockOutcome::kNotParticipant;
    HoldingThread& me = HoldingThread::Current();
    if (EnterFree()) [[likely]] {
      me.AddShared(number_);
      return LockOutcome::kAcquired;
    }
    return LockSharedSlowly(me, deadline);
  }
  // False: this thread does not hold the lock shared, or the participant's word was damaged.
  bool UnlockShared() {
    if (!guard_.holds()) [[unlikely]]
      return false;
    HoldingThread& me = HoldingThread::Current();
    if (!me.RemoveShared(number_)) [[unlikely]]
      return false;
    std::uint32_t only_me = 1;
    // Acquire and release: what all readers did comes before the next writer.
    if (word_.compare_exchange_strong(only_me, kBrief, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) [[likely]] {
      const bool was_held = lock_.UnlockShared();
      word_.store(0, std::memory_order_release);
      return was_held;
    }
    return LeaveSlowly();
  }

  // As ZoneMutex::Expire, for shared locks too.
  void Expire();

  // The standard's SharedTimedLockable, as in RwLock.
  void lock();
  bool try_lock();
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
    return Accept(LockUntil(Deadline::After(wait)), "ZoneRwLock::try_lock_for");
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    while (true) {
      const LockOutcome outcome = LockUntil(Deadline::Until(time));
      // Its clock may go slower than ours, or be set back.
      if (outcome != LockOutcome::kTimedOut || Deadline::Until(time).has_passed()) {
        return Accept(outcome, "ZoneRwLock::try_lock_until");
      }
    }
  }
  void unlock();
  void lock_shared();
  bool try_lock_shared();
  template <typename Rep, typename Period>
  bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& wait) {
    return TryLockSharedUntil(Deadline::After(wait));
  }
  template <typename Clock, typename Duration>
  bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    // Its clock may go slower than ours, or be set back.
    while (!TryLockSharedUntil(Deadline::Until(time))) {
      if (Deadline::Until(time).has_passed()) return false;
    }
    return true;
  }
  void unlock_shared();

 private:
  // Ends an exclusive section of this thread by a call of the plain lock.
  bool Leave(bool (RwLock::*unlock)());
  // In word_: the number of threads that read, or
  //   kHeld    one thread has this process's place at the zone's lock: it waits there, or writes
  //   kBrief   one reader is within its few instructions to enter as the first or to leave as the
  //            last; then nobody else changes the word, and nobody sleeps for it
  // and kSleepers, never with kBrief: threads sleep until the word changes.
  static constexpr std::uint32_t kHeld = 1u << 31;
  static constexpr std::uint32_t kBrief = 1u << 30;
  static constexpr std::uint32_t kSleepers = 1u << 29;
  static constexpr std::uint32_t kReaders = kSleepers - 1;
  class Wait;

  // As the first reader of this process, if nobody waits and nothing is in the way.
  bool EnterFree() {
    std::uint32_t free = 0;
    // Relaxed: hints. The first keeps readers behind writers of this process; the second spares the
    // line an exchange that fails.
    if (waiting_writers_.load(std::memory_order_relaxed) != 0 ||
        word_.load(std::memory_order_relaxed) != 0 ||
        !word_.compare_exchange_strong(free, kBrief, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      return false;
    }
    const bool is_in = lock_.TryLockSharedOnce();
    word_.store(is_in ? 1 : 0, std::memory_order_release);
    return is_in;
  }
  LockOutcome LockSharedSlowly(HoldingThread& me, Deadline deadline);
  // One of several readers, or there are sleepers.
  bool LeaveSlowly();
  static bool IsFree(std::uint32_t word) { return (word & ~kSleepers) == 0; }
  // From a free word to kHeld. False: it was not free, or not `seen`.
  bool TakePlace(std::uint32_t seen);
  // From kHeld to `readers`, and wakes the sleepers.
  void LeavePlace(std::uint32_t readers);
  void WakeSleepers();
  // Both with the word being kHeld by this thread.
  LockOutcome EnterAsWriter(HoldingThread& me, Deadline deadline);
  LockOutcome EnterAsReader(HoldingThread& me, Deadline deadline);
  // One reader more, the word being `seen` with readers.
  bool Join(std::uint32_t seen);
  void ForgetWaitingWriter();

  // Relaxed: only a thread itself stores its own identity, and takes it away.
  bool IsHeldBy(const HoldingThread& thread) const {
    return owner_.load(std::memory_order_relaxed) == &thread;
  }
  void GiveUpFor(HoldingThread& thread);
  bool TryLockSharedUntil(Deadline deadline);
  bool Accept(LockOutcome outcome, const char* call);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  const ForkGuard guard_ = ForkGuard::OfThisProcess();
  ForkGuard participant_ = guard_;  // until Expire
  RwLock lock_;                     // for the thread that made the word kHeld or kBrief
  const std::uint64_t number_;      // for HoldingThread
  std::atomic<std::uint32_t> waiting_writers_{0};
  // On a line of its own, since all readers write it; what they only read is not on it.
  alignas(kCacheLineBytes) std::atomic<std::uint32_t> word_{0};
  // The thread that writes. Null: none.
  alignas(kCacheLineBytes) std::atomic<HoldingThread*> owner_{nullptr};
  std::mutex door_;  // of those who go to sleep
  std::unique_ptr<std::condition_variable> changed_ = std::make_unique<std::condition_variable>();
  RepairCallback repair_;
  ThreadEndNotice at_thread_end_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_H_
