#ifndef MUSTER_WORKER_RUNTIME_STACK_REPORT_H_
#define MUSTER_WORKER_RUNTIME_STACK_REPORT_H_

#include <sys/types.h>

#include <string>

#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// As long as it lives, this process answers kStackSignal of its master, and of nobody else: it
// writes the stack of its main thread to standard error, which is its log, whatever that thread
// does at the moment. `answers` is one more than the number of stacks that were written; 0 tells
// that nobody would answer. Calls of the kernel in which the main thread waits may return EINTR.
//
// One object in a process, made and destroyed in the main thread. A child of fork answers nothing.
class StackReport {
 public:
  // `answers` outlives it. `writer` is what the log calls this process: "worker 3 of generation 7".
  StackReport(ipc::Gauge& answers, pid_t master, const std::string& writer);
  ~StackReport();
  StackReport(const StackReport&) = delete;
  StackReport& operator=(const StackReport&) = delete;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_STACK_REPORT_H_
