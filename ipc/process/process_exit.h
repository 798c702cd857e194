#ifndef MUSTER_IPC_PROCESS_PROCESS_EXIT_H_
#define MUSTER_IPC_PROCESS_PROCESS_EXIT_H_

#include <sys/types.h>

#include <string>

namespace muster::ipc {

// How a process ended.
struct ProcessExit {
  pid_t pid = 0;
  bool was_killed = false;   // by a signal; otherwise it exited
  int code = 0;              // the signal's number, or the exit code
  bool dumped_core = false;  // only if it was killed

  // "exited with code 3", "killed by SIGSEGV (core dumped)".
  std::string ToString() const;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_PROCESS_EXIT_H_
