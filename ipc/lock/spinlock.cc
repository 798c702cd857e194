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

bool SpinlockState::Recover(OwnerTag dead) { return OwnerLock::Recover(word, nullptr, dead); }

bool SpinlockState::Reset() { return OwnerLock::Reset(word); }

Spinlock::Spinlock(SpinlockState* state, const Registry& registry, OwnerTag self,
                   RepairCallback repair)
    : word_(&state->word),
      self_(registry, self),
      pauses_(PausesIn(kLookAtOwnerEvery)),
      registry_(registry),
      repair_(std::move(repair)) {}

LockOutcome Spinlock::LockSlowly(Deadline deadline) {
  return OwnerLock(*word_, nullptr, registry_, self_).LockBySpinning(pauses_, deadline);
}

LockOutcome Spinlock::TryLockSlowly() {
  return OwnerLock(*word_, nullptr, registry_, self_).TryLock();
}

bool Spinlock::Abandon() {
  if (!self_.Confirm(registry_)) return false;
  return OwnerLock(*word_, nullptr, registry_, self_).Abandon();
}

bool Spinlock::UnlockSlowly() {
  // Relaxed: as in Unlock.
  const OwnerTag owner = OwnerTag::InWord(word_->load(std::memory_order_relaxed));
  if (!self_.Confirm(registry_) || owner != self_.tag()) return false;
  // Release: as in Unlock.
  word_->store(kUnlockedWord, std::memory_order_release);
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
