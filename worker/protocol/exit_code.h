#ifndef MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_
#define MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_

namespace muster::worker {

// With what a worker exits, for who started it.
enum ExitCode : int {
  // It was asked to end, or its master is gone.
  kExitDone = 0,
  // It failed; another try may succeed.
  kExitFailed = 1,
  // It will never work: its configuration, its version or what it was handed is wrong.
  kExitWillNeverWork = 2,
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_EXIT_CODE_H_
