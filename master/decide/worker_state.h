#ifndef MUSTER_MASTER_DECIDE_WORKER_STATE_H_
#define MUSTER_MASTER_DECIDE_WORKER_STATE_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace muster::master {

// The state of a worker.
enum class WorkerState {
  kStarting,  // its process runs, or is about to, and is not ready
  kReady,     // it could serve, and its generation does not
  kServing,
  kDraining,  // told to finish what it serves and exit
  kStopping,  // told to exit at once
  kBackoff,   // ended without being asked; waits to be started again
  kGaveUp,    // ended too often, or exited with kExitWillNeverWork
  kGone,      // its slot is free
};

enum class WorkerEvent {
  kReady,
  kServe,         // its generation serves
  kDrain,         // asked to end: a newer generation serves
  kQuit,          // asked to end: nobody serves any more
  kStop,          // asked to end at once
  kKill,          // not asked at all
  kOverdue,       // did not become ready, or did not finish its drain, in time
  kEnded,         // its process ended after it was asked to, or could not be started
  kEndedRetry,    // its process ended without being asked; it is started again after a pause
  kEndedForGood,  // its process ended without being asked; it is not started again
  kRetry,         // the backoff is over
};

enum class WorkerStep {
  kSpawn,
  kSendServe,
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

// The state that follows, and what is to be done. An event that means nothing in a state leaves it
// as it is, without steps.
Transition Next(WorkerState state, WorkerEvent event);

// Whether a process runs, or is being started, in that state.
bool HasProcess(WorkerState state);

// "serving".
absl::string_view WorkerStateName(WorkerState state);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_STATE_H_
