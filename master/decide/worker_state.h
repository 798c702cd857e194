#ifndef MUSTER_MASTER_DECIDE_WORKER_STATE_H_
#define MUSTER_MASTER_DECIDE_WORKER_STATE_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace muster::master {

// Where a slot's worker stands in its life.
enum class WorkerState {
  kStarting,  // its process runs (or is about to), it is not ready
  kServing,
  kDraining,  // told to finish what it serves and exit
  kStopping,  // told to exit at once
  kBackoff,   // ended unasked; waits for its time to be started again
  kGaveUp,    // ended too often, or said that it will never work
  kGone,      // its slot is free
};

enum class WorkerEvent {
  kReady,
  kDrain,         // asked to end, a newer generation serves
  kQuit,          // asked to end, nobody serves any more
  kStop,          // asked to end at once
  kOverdue,       // did not become ready, or did not finish its drain, in time
  kEnded,         // its process ended (or could not be started), as was wished
  kEndedRetry,    // ... unasked: start it again after a while
  kEndedForGood,  // ... unasked: do not start it again
  kRetry,         // the backoff is over
};

enum class WorkerStep {
  kSpawn,
  kSendDrain,
  kSendQuit,
  kSendTerminate,
  kKill,
  kRelease,  // of the slot
};

struct Transition {
  WorkerState state;
  std::vector<WorkerStep> steps;
};

// The table of a worker's life. What an event does not concern stays as it is, without steps.
Transition Next(WorkerState state, WorkerEvent event);

// Whether a process runs (or is just being started) in that state.
bool HasProcess(WorkerState state);

// "serving".
absl::string_view WorkerStateName(WorkerState state);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_STATE_H_
