#ifndef MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_
#define MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_

namespace muster::worker {

// The exit code of a worker program, by which the master decides whether to start it again.
enum ExitCode : int {
  // It was asked to end, or its master is gone.
  kExitDone = 0,
  // It failed. Another try may succeed.
  kExitFailed = 1,
  // It will never work: its configuration, its version or something that it was handed is wrong.
  kExitWillNeverWork = 2,
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_
