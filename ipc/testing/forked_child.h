#ifndef MUSTER_IPC_TESTING_FORKED_CHILD_H_
#define MUSTER_IPC_TESTING_FORKED_CHILD_H_

#include <sys/types.h>

#include "absl/functional/function_ref.h"

namespace muster::ipc {

// A child of fork for tests. It dies with the thread that made it. Assertions of
// GoogleTest do not reach the parent from there: report by the exit code.
class ForkedChild {
 public:
  // Runs `body` in the child; what it returns is the exit code. Aborts if fork fails.
  explicit ForkedChild(absl::FunctionRef<int()> body);
  // Kills it if it still runs, and reaps it.
  ~ForkedChild();
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  pid_t pid() const { return pid_; }

  // The caller reaps it.
  pid_t Release() {
    joined_ = true;
    return pid_;
  }

  // Blocks until it has ended, reaps it: the exit code, or minus the signal that
  // killed it.
  int Join();

  // SIGKILL; returns once it is dead and reaped.
  void Kill();

 private:
  pid_t pid_;
  bool joined_ = false;
};

// Returns once the first thread of process `pid` sleeps, as in a system call that blocks. Looks
// again and again.
void AwaitAsleep(pid_t pid);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_TESTING_FORKED_CHILD_H_
