#include "muster/ipc/lock/spinlock.h"

#include <utility>

#include "muster/ipc/base/check.h"
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

bool SpinlockState::Recover(OwnerTag dead) { return OwnerLock::Recover(word, dead); }

Spinlock::Spinlock(SpinlockState* state, const Registry& registry, OwnerTag self,
                   RepairCallback repair)
    : word_(&state->word),
      self_(self.bits()),
      pauses_(PausesIn(kLookAtOwnerEvery)),
      registry_(registry),
      repair_(std::move(repair)) {
  MUSTER_CHECK(self != OwnerTag(), "nobody cannot own a spinlock");
}

LockOutcome Spinlock::LockSlowly(Deadline deadline) {
  return OwnerLock(*word_, registry_, OwnerTag::InWord(self_)).LockBySpinning(pauses_, deadline);
}

LockOutcome Spinlock::TryLockSlowly() {
  return OwnerLock(*word_, registry_, OwnerTag::InWord(self_)).TryLock();
}

bool Spinlock::Abandon() { return OwnerLock(*word_, registry_, OwnerTag::InWord(self_)).Abandon(); }

void Spinlock::lock() {
  const LockOutcome outcome = Lock();
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(repair_, outcome, "Spinlock::lock");
}

bool Spinlock::try_lock() {
  const LockOutcome outcome = TryLock();
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kWouldDeadlock) return false;
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(repair_, outcome, "Spinlock::try_lock");
  return true;
}

}  // namespace muster::ipc
