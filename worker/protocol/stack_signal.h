#ifndef MUSTER_WORKER_PROTOCOL_STACK_SIGNAL_H_
#define MUSTER_WORKER_PROTOCOL_STACK_SIGNAL_H_

#include <csignal>

namespace muster::worker {

// The signal by which a master asks a worker that does not run its loop for its stack
// (worker/runtime/stack_report.h). A program that was built before there was this ignores it.
inline constexpr int kStackSignal = SIGUSR2;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_STACK_SIGNAL_H_
