#ifndef MUSTER_IPC_PROCESS_PID_FD_H_
#define MUSTER_IPC_PROCESS_PID_FD_H_

#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/process_exit.h"

namespace muster::ipc {

// Owns a pidfd: a descriptor that refers to one process and, unlike a pid, never to a later one.
// It becomes readable (poll, epoll) when the process is dead, also if that process is not our
// child. Close-on-exec. Each method is one system call, unless it waits until a deadline, and any
// thread may call it. A child of
// fork may use its copy, but cannot wait: it is not the parent of the process.
class PidFd {
 public:
  enum class Reap {
    kYes,  // removes the zombie; its pid may be reused
    kNo,   // leaves the zombie, and so the pid, until a wait with kYes
  };

  // `pid` is certain to be the intended process only if it is our own pid, or that of a child
  // that nobody has waited for yet. NotFound: no process has this pid.
  static absl::StatusOr<PidFd> Open(pid_t pid);

  // Sends `signal` to this process or to none. Signal 0 only checks. NotFound: the process is
  // dead and was waited for. A signal to a zombie is lost without an error.
  absl::Status Send(int signal) const;

  // How the child ended, or nothing if it still runs. Never blocks. FailedPrecondition: the
  // process is not a child of the caller, or was reaped already.
  absl::StatusOr<std::optional<ProcessExit>> TryWait(Reap reap) const;

  // The same, but blocks until the child has ended. DeadlineExceeded: it still runs at `deadline`.
  absl::StatusOr<ProcessExit> Wait(Reap reap, Deadline deadline = Deadline::Never()) const;

  // For poll and epoll, for reading. It stays readable after the death.
  int fd() const { return fd_.get(); }
  pid_t pid() const { return pid_; }

 private:
  PidFd(UniqueFd fd, pid_t pid) : fd_(std::move(fd)), pid_(pid) {}

  UniqueFd fd_;
  pid_t pid_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_PID_FD_H_
