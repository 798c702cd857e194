#ifndef MUSTER_IPC_PROCESS_PROCESS_EXIT_H_
#define MUSTER_IPC_PROCESS_PROCESS_EXIT_H_

#include <sys/types.h>

#include <string>

namespace muster::ipc {

// How a process ended. A plain value.
struct ProcessExit {
  pid_t pid = 0;
  bool was_killed = false;   // true: by a signal; false: it exited
  int code = 0;              // the number of the signal, or the exit code
  bool dumped_core = false;  // only if a signal killed it

  // "exited with code 3", "killed by SIGSEGV (core dumped)".
  std::string ToString() const;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_PROCESS_EXIT_H_
