#ifndef MUSTER_IPC_LOCK_LOCK_OUTCOME_H_
#define MUSTER_IPC_LOCK_LOCK_OUTCOME_H_

#include <functional>

namespace muster::ipc {

// The result of an attempt to acquire a lock. kOwnerDied and kNotRecoverable correspond to the
// EOWNERDEAD and ENOTRECOVERABLE of POSIX robust mutexes.
enum class LockOutcome {
  kAcquired,
  // Acquired, but an earlier owner died within its section, so the data that the lock protects may
  // be half changed. Each next owner gets this until one has repaired the data. A Spinlock reports
  // each death once.
  kOwnerDied,
  // Not acquired: an owner called MarkNotRecoverable(), or the word is damaged. It stays so until
  // somebody calls Reset().
  kNotRecoverable,
  // Not acquired: a live participant holds it.
  kBusy,
  // Not acquired before the deadline.
  kTimedOut,
  // Not acquired: the caller holds it already and would wait for itself.
  kWouldDeadlock,
  // Not acquired, for shared locks only: a writer died. Acquire the lock exclusively, repair the
  // data, and try again.
  kNeedsRepair,
  // Not acquired, and nothing was changed: the handle was made in another process, of which this
  // one is a child of fork, or with a tag that the registry does not show as live; or its
  // participant has left, maybe while the call waited.
  kNotParticipant,
};

// True: the caller holds the lock.
constexpr bool Holds(LockOutcome outcome) {
  return outcome == LockOutcome::kAcquired || outcome == LockOutcome::kOwnerDied;
}

// "kAcquired" and so on, a static string.
const char* ToString(LockOutcome outcome);

// Makes the data consistent after an owner died. Called while the lock is held. False: it cannot.
// If it throws, the process ends.
using RepairCallback = std::function<bool()>;

// Prints the reason to standard error and aborts. For calls that cannot return an outcome: lock(),
// unlock() and the like.
[[noreturn]] void TerminateFor(LockOutcome outcome, const char* call);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LOCK_OUTCOME_H_
