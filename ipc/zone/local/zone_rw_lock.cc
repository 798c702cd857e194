#include "muster/ipc/zone/local/zone_rw_lock.h"

#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::ipc {
namespace {

std::uint64_t NewNumber() {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// For what the word of the process does not show: a writer of another process that gives up, and a
// reader that lost its processor while the word was kBrief.
constexpr absl::Duration kLookAgain = absl::Milliseconds(10);
constexpr absl::Duration kBriefNap = absl::Microseconds(50);

}  // namespace

// One thread's way from the first look to sleep. It spins first, since most sections are short.
class ZoneRwLock::Wait {
 public:
  Wait(ZoneRwLock& lock, Deadline deadline) : lock_(lock), deadline_(deadline) {}

  enum class Reason {
    kWord,           // the word is `seen`
    kWriter,         // a writer of this process waits
    kForeignWriter,  // one of another process does
  };
  // Returns when the reason may be over. False: the deadline passed.
  bool For(Reason reason, std::uint32_t seen) {
    if (++looks_ <= kSpins) {
      for (int i = 0; i < kPauses * looks_; ++i) SpinPause();
      return true;
    }
    if (deadline_.has_passed()) return false;
    if (seen & kBrief) {
      // Over as soon as that thread runs.
      if (looks_ <= kSpins + kYields) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(absl::ToChronoNanoseconds(kBriefNap));
      }
      return true;
    }
    if (!std::exchange(has_slept_, true)) lock_.lock_.CountWait();
    Sleep(reason, seen);
    return true;
  }

 private:
  // Some 5 µs in all. The first look comes late: each look takes the line from the threads at work.
  static constexpr int kSpins = 4;
  static constexpr int kPauses = 16;
  static constexpr int kYields = 16;

  void Sleep(Reason reason, std::uint32_t seen) {
    std::unique_lock guard(lock_.door_);
    // With door_ locked: Expire wakes who is asleep.
    if (!lock_.participant_.holds()) return;
    // With door_ locked: whoever takes the flag away from now on finds this thread asleep.
    // Sequentially consistent, with the next line: pairs with ForgetWaitingWriter.
    if (!lock_.word_.compare_exchange_strong(seen, seen | kSleepers, std::memory_order_seq_cst)) {
      return;
    }
    if (reason == Reason::kWriter && lock_.waiting_writers_.load(std::memory_order_seq_cst) == 0) {
      return;
    }
    const Deadline until = reason == Reason::kForeignWriter
                               ? Earlier(deadline_, Deadline::After(kLookAgain))
                               : deadline_;
    if (until.is_never()) {
      lock_.changed_->wait(guard);
    } else {
      lock_.changed_->wait_until(guard, until.time());
    }
  }

  ZoneRwLock& lock_;
  Deadline deadline_;
  int looks_ = 0;
  bool has_slept_ = false;
};

ZoneRwLock::ZoneRwLock(RwLock lock, RepairCallback repair)
    : lock_(std::move(lock)),
      number_(NewNumber()),
      repair_(std::move(repair)),
      at_thread_end_(this, [](void* self, HoldingThread& ending) {
        static_cast<ZoneRwLock*>(self)->GiveUpFor(ending);
      }) {}

ZoneRwLock::~ZoneRwLock() {
  if (guard_.holds()) {
    GiveUpFor(HoldingThread::Current());
  } else {
    // Its destructor would wait for the parent's threads that sleep on it.
    (void)changed_.release();
  }
}

void ZoneRwLock::GiveUpFor(HoldingThread& thread) {
  if (!guard_.holds()) return;
  if (IsHeldBy(thread)) {
    owner_.store(nullptr, std::memory_order_relaxed);
    thread.RemoveExclusive();
    lock_.Abandon();
    LeavePlace(0);
  } else if (thread.RemoveShared(number_)) {
    LeaveSlowly();
  }
}

void ZoneRwLock::Expire() {
  participant_.End();
  lock_.Expire();
  WakeSleepers();
}

// This process's place at the zone's lock.

bool ZoneRwLock::TakePlace(std::uint32_t seen) {
  // Acquire: pairs with the release of whoever had the place, or read.
  return IsFree(seen) &&
         word_.compare_exchange_strong(seen, seen | kHeld, std::memory_order_acquire,
                                       std::memory_order_relaxed);
}

void ZoneRwLock::LeavePlace(std::uint32_t readers) {
  // Release: pairs with the acquire of whoever is next.
  if (word_.exchange(readers, std::memory_order_acq_rel) & kSleepers) WakeSleepers();
}

void ZoneRwLock::WakeSleepers() {
  // Whoever set the flag is asleep once it has left the door.
  { const std::lock_guard guard(door_); }
  changed_->notify_all();
}

// Writers.

LockOutcome ZoneRwLock::TryLock() {
  const LockOutcome outcome = LockUntil(Deadline::After(absl::ZeroDuration()));
  return outcome == LockOutcome::kTimedOut ? LockOutcome::kBusy : outcome;
}

LockOutcome ZoneRwLock::LockUntil(Deadline deadline) {
  if (!participant_.holds()) return LockOutcome::kNotParticipant;
  HoldingThread& me = HoldingThread::Current();
  // Relaxed: looked at again with the compare-and-set.
  if (TakePlace(word_.load(std::memory_order_relaxed))) return EnterAsWriter(me, deadline);
  if (IsHeldBy(me) || me.HoldsShared(number_)) return LockOutcome::kWouldDeadlock;
  waiting_writers_.fetch_add(1, std::memory_order_relaxed);
  Wait wait(*this, deadline);
  for (;;) {
    if (!participant_.holds()) {
      ForgetWaitingWriter();
      return LockOutcome::kNotParticipant;
    }
    const std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (TakePlace(seen)) {
      ForgetWaitingWriter();
      return EnterAsWriter(me, deadline);
    }
    if (IsFree(seen)) continue;
    if (!wait.For(Wait::Reason::kWord, seen)) {
      ForgetWaitingWriter();
      return LockOutcome::kTimedOut;
    }
  }
}

void ZoneRwLock::ForgetWaitingWriter() {
  // Sequentially consistent, with the next line: pairs with Wait::Sleep.
  if (waiting_writers_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
  std::uint32_t seen = word_.load(std::memory_order_seq_cst);
  // Readers may sleep because of it. Where the word is kHeld they are woken at its end.
  while ((seen & kSleepers) && !(seen & kHeld)) {
    if (word_.compare_exchange_weak(seen, seen & ~kSleepers, std::memory_order_relaxed)) {
      WakeSleepers();
      return;
    }
  }
}

LockOutcome ZoneRwLock::EnterAsWriter(HoldingThread& me, Deadline deadline) {
  const LockOutcome outcome = lock_.LockUntil(deadline);
  if (Holds(outcome)) {
    owner_.store(&me, std::memory_order_relaxed);
    me.AddExclusive();
  } else {
    LeavePlace(0);
  }
  return outcome;
}

bool ZoneRwLock::MarkNotRecoverable() { return Leave(&RwLock::MarkNotRecoverable); }

bool ZoneRwLock::Leave(bool (RwLock::*unlock)()) {
  if (!guard_.holds()) return false;
  HoldingThread& me = HoldingThread::Current();
  if (!IsHeldBy(me)) return false;
  owner_.store(nullptr, std::memory_order_relaxed);
  me.RemoveExclusive();
  const bool was_held = (lock_.*unlock)();
  LeavePlace(0);
  return was_held;
}

void ZoneRwLock::MarkConsistent() {
  if (guard_.holds() && IsHeldBy(HoldingThread::Current())) lock_.MarkConsistent();
}

// Readers.

LockOutcome ZoneRwLock::TryLockShared() {
  const LockOutcome outcome = LockSharedUntil(Deadline::After(absl::ZeroDuration()));
  return outcome == LockOutcome::kTimedOut ? LockOutcome::kBusy : outcome;
}

LockOutcome ZoneRwLock::LockSharedSlowly(HoldingThread& me, Deadline deadline) {
  if (IsHeldBy(me) || me.HoldsShared(number_)) return LockOutcome::kWouldDeadlock;
  Wait wait(*this, deadline);
  for (;;) {
    if (!participant_.holds()) return LockOutcome::kNotParticipant;
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    Wait::Reason reason = Wait::Reason::kWord;
    if (waiting_writers_.load(std::memory_order_relaxed) != 0) {
      reason = Wait::Reason::kWriter;
    } else if (IsFree(seen)) {
      if (TakePlace(seen)) return EnterAsReader(me, deadline);
      continue;
    } else if (!(seen & (kHeld | kBrief))) {
      if (!lock_.IsWriterWaiting()) {
        if (Join(seen)) {
          me.AddShared(number_);
          return LockOutcome::kAcquired;
        }
        continue;
      }
      reason = Wait::Reason::kForeignWriter;
    }
    if (!wait.For(reason, seen)) return LockOutcome::kTimedOut;
  }
}

LockOutcome ZoneRwLock::EnterAsReader(HoldingThread& me, Deadline deadline) {
  const LockOutcome outcome = lock_.LockSharedUntil(deadline);
  const bool is_in = outcome == LockOutcome::kAcquired;
  if (is_in) me.AddShared(number_);
  LeavePlace(is_in ? 1 : 0);
  return outcome;
}

bool ZoneRwLock::Join(std::uint32_t seen) {
  // Acquire: pairs with the release of the first reader, which acquired the zone's lock.
  if (!word_.compare_exchange_strong(seen, (seen & ~kSleepers) + 1, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
    return false;
  }
  // What kept the readers among them out is over.
  if (seen & kSleepers) WakeSleepers();
  return true;
}

bool ZoneRwLock::LeaveSlowly() {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    const bool is_last = (seen & kReaders) == 1;
    const std::uint32_t next = is_last ? kHeld | (seen & kSleepers) : seen - 1;
    // Acquire and release: what all readers did comes before the next writer.
    if (!word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
      continue;
    }
    // The participant holds it still, if it is one.
    if (!is_last) return participant_.holds();
    const bool was_held = lock_.UnlockShared();
    LeavePlace(0);
    return was_held;
  }
}

// The standard's names.

void ZoneRwLock::lock() {
  const LockOutcome outcome = Lock();
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, "ZoneRwLock::lock");
}

bool ZoneRwLock::try_lock() { return Accept(TryLock(), "ZoneRwLock::try_lock"); }

void ZoneRwLock::unlock() {
  if (!Unlock()) TerminateFor(LockOutcome::kBusy, "ZoneRwLock::unlock");
}

void ZoneRwLock::lock_shared() {
  LockOutcome outcome = LockShared();
  for (; outcome == LockOutcome::kNeedsRepair; outcome = LockShared()) {
    lock();
    unlock();
  }
  if (outcome != LockOutcome::kAcquired) TerminateFor(outcome, "ZoneRwLock::lock_shared");
}

bool ZoneRwLock::try_lock_shared() {
  return TryLockSharedUntil(Deadline::After(absl::ZeroDuration()));
}

bool ZoneRwLock::TryLockSharedUntil(Deadline deadline) {
  LockOutcome outcome = LockSharedUntil(deadline);
  for (; outcome == LockOutcome::kNeedsRepair; outcome = LockSharedUntil(deadline)) {
    if (!Accept(LockUntil(deadline), "ZoneRwLock::try_lock_shared")) return false;
    unlock();
  }
  return Accept(outcome, "ZoneRwLock::try_lock_shared");
}

void ZoneRwLock::unlock_shared() {
  if (!UnlockShared()) TerminateFor(LockOutcome::kBusy, "ZoneRwLock::unlock_shared");
}

bool ZoneRwLock::Accept(LockOutcome outcome, const char* call) {
  // A thread that tries what it holds gets false, as from a standard lock.
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kTimedOut ||
      outcome == LockOutcome::kWouldDeadlock) {
    return false;
  }
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, call);
  return true;
}

void ZoneRwLock::RepairOrTerminate(LockOutcome outcome, const char* call) {
  if (outcome != LockOutcome::kOwnerDied || repair_ == nullptr || !repair_()) {
    TerminateFor(outcome, call);
  }
  MarkConsistent();
}

}  // namespace muster::ipc
