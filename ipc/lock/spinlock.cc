#include "muster/ipc/lock/spinlock.h"

#include <utility>

#include "muster/ipc/lock/internal/owner_lock.h"
#include "muster/ipc/lock/internal/repair.h"
#include "muster/ipc/lock/internal/spin_budget.h"

namespace muster::ipc {

using internal::OwnerLock;
using internal::PausesIn;
using internal::RepairOrTerminate;

namespace {

constexpr absl::Duration kLookAtOwnerEvery = absl::Microseconds(10);

}  // namespace

bool SpinlockState::Recover(OwnerTag dead) {
  const bool held = OwnerLock::Recover(word, nullptr, nullptr, dead);
  std::uint32_t seen = dead.bits();
  // Relaxed: a live holder's stays. The dead one's tag may come round again.
  holder.compare_exchange_strong(seen, 0, std::memory_order_relaxed);
  return held;
}

bool SpinlockState::Reset() { return OwnerLock::Reset(word); }

Spinlock::Spinlock(SpinlockState* state, const Registry& registry, OwnerTag self,
                   RepairCallback repair)
    : state_(state),
      self_(registry, self),
      pauses_(PausesIn(kLookAtOwnerEvery)),
      registry_(registry),
      repair_(std::move(repair)) {}

LockOutcome Spinlock::Noted(LockOutcome outcome) {
  if (Holds(outcome)) NoteHolder();
  return outcome;
}

LockOutcome Spinlock::LockSlowly(Deadline deadline) {
  return Noted(OwnerLock(state_->word, nullptr, nullptr, registry_, self_)
                   .LockBySpinning(pauses_, deadline));
}

LockOutcome Spinlock::TryLockSlowly() {
  return Noted(OwnerLock(state_->word, nullptr, nullptr, registry_, self_).TryLock());
}

bool Spinlock::Abandon() {
  if (!self_.Confirm(registry_)) return false;
  std::uint32_t mine = self_.bits();
  // Before the word, as in Free. If it is not mine, neither is the word.
  state_->holder.compare_exchange_strong(mine, 0, std::memory_order_relaxed);
  return OwnerLock(state_->word, nullptr, nullptr, registry_, self_).Abandon();
}

bool Spinlock::UnlockSlowly() {
  // Relaxed: only this participant writes its own tag there.
  const OwnerTag owner = OwnerTag::InWord(state_->word.load(std::memory_order_relaxed));
  if (!self_.Confirm(registry_) || owner != self_.tag()) return false;
  Free();
  return true;
}

void Spinlock::LockOrTerminate() {
  const LockOutcome outcome = LockSlowly(Deadline::Never());
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(repair_, outcome, "Spinlock::lock");
}

bool Spinlock::try_lock() {
  const LockOutcome outcome = TryLock();
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kWouldDeadlock) return false;
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(repair_, outcome, "Spinlock::try_lock");
  return true;
}

}  // namespace muster::ipc
