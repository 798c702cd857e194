#include "muster/ipc/lock/internal/owner_lock.h"

#include <sched.h>

#include <utility>

#include "muster/ipc/lock/internal/futex.h"
#include "muster/ipc/lock/internal/spin_budget.h"

namespace muster::ipc::internal {

LockOutcome OwnerLock::Attempt(std::uint32_t flags, std::uint32_t& seen) const {
  // Acquire: a mark is final, so it is what Once's readers go by.
  seen = word_.load(std::memory_order_acquire);
  for (;;) {
    if (seen == kUnlockedWord) {
      // Acquire: pairs with the release in Unlock (the inline one too). Sequentially consistent,
      // as in the other two places: before the look in Confirmed.
      if (word_.compare_exchange_strong(seen, self_.bits() | flags, std::memory_order_seq_cst)) {
        return LockOutcome::kAcquired;
      }
      continue;
    }
    if (IsMark(seen)) return LockOutcome::kNotRecoverable;
    const OwnerTag owner = OwnerTag::InWord(seen);
    if (owner == self_) return LockOutcome::kWouldDeadlock;
    if (registry_.IsLive(owner)) return LockOutcome::kBusy;
    // Acquire: pairs with the release in Recover; when this comes before Recover, IsLive
    // has seen MarkDead. Waiters, since nobody knows who sleeps.
    if (word_.compare_exchange_strong(seen, self_.bits() | kAbandonedWord,
                                      std::memory_order_seq_cst)) {
      // The others were counted by whoever took the tag of the dead out of the word.
      if (owner != OwnerTag() && counts_ != nullptr) counts_->AddRecovery();
      return LockOutcome::kOwnerDied;
    }
  }
}

LockOutcome OwnerLock::Confirmed(LockOutcome outcome) const {
  if (MayAct()) return outcome;
  // If a recoverer was faster, this changes nothing.
  if (Holds(outcome)) {
    Leave(outcome == LockOutcome::kOwnerDied ? kAbandonedWord : kUnlockedWord, Wake::kAll);
  }
  return LockOutcome::kNotParticipant;
}

LockOutcome OwnerLock::TryLock() const {
  if (!MayAct()) return LockOutcome::kNotParticipant;
  std::uint32_t seen;
  return Confirmed(Attempt(0, seen));
}

bool OwnerLock::Spin(std::uint32_t pauses) const {
  Spinner spinner(pauses);
  do {
    // Relaxed, and a plain load: the line stays shared while the owner is at work.
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen & OwnerTag::kDied) return false;
    // Acquire: pairs with the release in Unlock.
    if (seen == kUnlockedWord &&
        word_.compare_exchange_strong(seen, self_.bits(), std::memory_order_seq_cst,
                                      std::memory_order_relaxed)) {
      return true;
    }
  } while (spinner.Pause());
  return false;
}

LockOutcome OwnerLock::LockBySpinning(std::uint32_t pauses, Deadline deadline) const {
  bool has_waited = false;
  for (;;) {
    if (!MayAct()) return LockOutcome::kNotParticipant;
    if (Spin(pauses)) return Confirmed(LockOutcome::kAcquired);
    const LockOutcome outcome = TryLock();
    if (outcome != LockOutcome::kBusy) return outcome;
    if (!std::exchange(has_waited, true)) CountWait();
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    ::sched_yield();
  }
}

LockOutcome OwnerLock::LockBySleeping(std::uint32_t pauses, Deadline deadline) const {
  if (!MayAct()) return LockOutcome::kNotParticipant;
  if (Spin(pauses)) return Confirmed(LockOutcome::kAcquired);
  bool has_slept = false;
  for (;;) {
    std::uint32_t seen;
    // With waiters: whoever was woken stands for those who sleep on.
    const LockOutcome outcome = Attempt(OwnerTag::kWaiters, seen);
    if (outcome != LockOutcome::kBusy) return Confirmed(outcome);
    // Relaxed: the flag orders nothing, the kernel compares the word again.
    if (!(seen & OwnerTag::kWaiters) &&
        !word_.compare_exchange_strong(seen, seen | OwnerTag::kWaiters,
                                       std::memory_order_relaxed)) {
      continue;
    }
    // Only now: a sleeper that was woken and gives up must leave the flag to
    // the others.
    if (!MayAct()) return LockOutcome::kNotParticipant;
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    slept_->Set();
    if (!std::exchange(has_slept, true)) CountWait();
    FutexWait(word_, seen | OwnerTag::kWaiters,
              Earlier(deadline, Deadline::After(registry_.recheck_interval())));
  }
}

bool OwnerLock::Leave(std::uint32_t next, Wake wake) const {
  // Relaxed: only this participant or a recoverer of its death takes its tag away.
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    if (OwnerTag::InWord(seen) != self_) return false;
    // Release: pairs with the acquire of the next owner.
  } while (!word_.compare_exchange_weak(seen, next, std::memory_order_release,
                                        std::memory_order_relaxed));
  if (seen & OwnerTag::kWaiters) wake == Wake::kOne ? FutexWakeOne(word_) : FutexWakeAll(word_);
  return true;
}

bool OwnerLock::Unlock(Wake wake) const {
  // Relaxed: whether it began with kOwnerDied only this participant changes.
  const bool is_torn = word_.load(std::memory_order_relaxed) & OwnerTag::kDied;
  return Leave(is_torn ? kAbandonedWord : kUnlockedWord, wake);
}

bool OwnerLock::MarkConsistent() const {
  // Relaxed: the repaired data is published by the unlock that follows.
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    if (OwnerTag::InWord(seen) != self_) return false;
  } while (!word_.compare_exchange_weak(seen, seen & ~OwnerTag::kDied, std::memory_order_relaxed));
  return true;
}

bool OwnerLock::AbandonForThread() const {
  // Relaxed: as in Leave.
  if (OwnerTag::InWord(word_.load(std::memory_order_relaxed)) != self_) return false;
  // Before the word is released: its next owner may unmap the memory.
  if (counts_ != nullptr) counts_->AddRecovery();
  return Abandon();
}

bool OwnerLock::Recover(std::atomic<std::uint32_t>& word, const SleepMark* slept,
                        LockCounts* counts, OwnerTag dead) {
  // Relaxed: whether `dead` holds it is settled since its death.
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  bool held = false;
  while (!held && dead != OwnerTag() && OwnerTag::InWord(seen) == dead) {
    // Release: the caller learnt of the death from the kernel, and so has seen what the dead
    // one wrote; it passes that on to the next owner.
    held = word.compare_exchange_weak(seen, kAbandonedWord, std::memory_order_release,
                                      std::memory_order_relaxed);
  }
  if (held && counts != nullptr) counts->AddRecovery();
  if (slept != nullptr && slept->IsSet()) FutexWakeAll(word);
  return held;
}

bool OwnerLock::Reset(std::atomic<std::uint32_t>& word, std::uint32_t kept) {
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  do {
    if (!IsMark(seen) || seen == kept) return false;
    // Acquire and release: who poisoned it passes on what it wrote.
  } while (!word.compare_exchange_weak(seen, kAbandonedWord, std::memory_order_acq_rel,
                                       std::memory_order_relaxed));
  FutexWakeAll(word);
  return true;
}

}  // namespace muster::ipc::internal
