#include "muster/ipc/lock/lock_outcome.h"

#include <cstdio>
#include <cstdlib>

namespace muster::ipc {
namespace {

const char* Explanation(LockOutcome outcome) {
  switch (outcome) {
    case LockOutcome::kAcquired:
      return "it is held";
    case LockOutcome::kOwnerDied:
      return "its owner died within its section, and there is no repair callback or it failed";
    case LockOutcome::kNotRecoverable:
      return "an owner marked it as not recoverable, or its word is damaged";
    case LockOutcome::kBusy:
      return "this participant does not hold it";
    case LockOutcome::kTimedOut:
      return "the deadline passed";
    case LockOutcome::kWouldDeadlock:
      return "this participant holds it already and would wait for itself";
    case LockOutcome::kNeedsRepair:
      return "a writer died within its section";
    case LockOutcome::kNotParticipant:
      return "its handle is of another process, or of a participant that the registry does not "
             "know";
  }
  return "unknown outcome";
}

}  // namespace

const char* ToString(LockOutcome outcome) {
  switch (outcome) {
    case LockOutcome::kAcquired:
      return "kAcquired";
    case LockOutcome::kOwnerDied:
      return "kOwnerDied";
    case LockOutcome::kNotRecoverable:
      return "kNotRecoverable";
    case LockOutcome::kBusy:
      return "kBusy";
    case LockOutcome::kTimedOut:
      return "kTimedOut";
    case LockOutcome::kWouldDeadlock:
      return "kWouldDeadlock";
    case LockOutcome::kNeedsRepair:
      return "kNeedsRepair";
    case LockOutcome::kNotParticipant:
      return "kNotParticipant";
  }
  return "unknown outcome";
}

void TerminateFor(LockOutcome outcome, const char* call) {
  std::fprintf(stderr, "%s: %s\n", call, Explanation(outcome));
  std::abort();
}

}  // namespace muster::ipc
