#ifndef MUSTER_IPC_LOCK_LOCK_OUTCOME_H_
#define MUSTER_IPC_LOCK_LOCK_OUTCOME_H_

#include <functional>

namespace muster::ipc {

// How an attempt to take a lock ended.
enum class LockOutcome {
  kAcquired,
  // Acquired, but an earlier owner died within its section: what the lock
  // protects may be half changed. Told once to each next owner, until one repairs.
  kOwnerDied,
  // Not acquired, and never will be: somebody was told kOwnerDied and unlocked
  // without saying that the data is consistent again.
  kNotRecoverable,
  // Not acquired: a live participant has it.
  kBusy,
  // Not acquired before the deadline.
  kTimedOut,
  // Not acquired: the caller has it already and would wait for itself.
  kWouldDeadlock,
  // Not acquired, from a shared lock only: a writer died. Take the lock
  // exclusively, repair, and try again.
  kNeedsRepair,
};

constexpr bool Holds(LockOutcome outcome) {
  return outcome == LockOutcome::kAcquired || outcome == LockOutcome::kOwnerDied;
}

// "kAcquired" and so on; lives for ever.
const char* ToString(LockOutcome outcome);

// Makes consistent what a dead owner left, the lock being held; false: it cannot.
using RepairCallback = std::function<bool()>;

// Ends the process and says why, for the calls that cannot return an outcome:
// lock(), unlock() and the like.
[[noreturn]] void TerminateFor(LockOutcome outcome, const char* call);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LOCK_OUTCOME_H_
