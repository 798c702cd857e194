#include "muster/ipc/lock/once.h"

#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/owner_lock.h"
#include "muster/ipc/lock/lock_outcome.h"

namespace muster::ipc {

using internal::OwnerLock;

bool OnceState::Recover(OwnerTag dead) { return OwnerLock::Recover(word, &slept, nullptr, dead); }

bool OnceState::Reset() { return OwnerLock::Reset(word, kDoneMark); }

Once::Once(OnceState* state, const Registry& registry, OwnerTag self)
    : state_(state), registry_(registry), self_(registry, self) {}

absl::Status Once::CallSlowly(Initialise initialise, Deadline deadline) {
  const OwnerLock lock(state_->word, &state_->slept, nullptr, registry_, self_);
  // Without spinning: what is done once takes long.
  const LockOutcome outcome = lock.LockBySleeping(0, deadline);
  if (outcome == LockOutcome::kNotParticipant) {
    return absl::FailedPreconditionError(
        "once: its handle is of another process, or of a participant that has left or that the "
        "registry does not know");
  }
  if (outcome == LockOutcome::kWouldDeadlock) {
    return absl::FailedPreconditionError("once: the initialiser calls itself");
  }
  if (outcome == LockOutcome::kTimedOut) {
    return absl::DeadlineExceededError("once: another participant still initialises");
  }
  if (!Holds(outcome)) {
    // A mark; which one?
    return is_done() ? absl::OkStatus() : absl::DataLossError("once: its state is damaged");
  }
  const bool was_interrupted = outcome == LockOutcome::kOwnerDied;
  absl::Status status;
  try {
    status = initialise(was_interrupted);
  } catch (...) {
    // Half of its work may be done.
    lock.Abandon();
    throw;
  }
  if (status.ok()) {
    if (!lock.Finish(kDoneMark)) {
      return absl::FailedPreconditionError(
          "once: its participant left, or its state was damaged, while it initialised");
    }
  } else if (was_interrupted) {
    // The dead one's half is there still.
    lock.Abandon();
  } else {
    lock.Unlock(OwnerLock::Wake::kOne);
  }
  return status;
}

}  // namespace muster::ipc
