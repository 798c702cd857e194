#ifndef MUSTER_IPC_PROCESS_PID_FD_H_
#define MUSTER_IPC_PROCESS_PID_FD_H_

#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/process_exit.h"

namespace muster::ipc {

// Owns a descriptor that means one process for ever: unlike its pid, it is never
// reused for another. Readable (poll, epoll) once the process is dead, also for
// processes that are not our children. The methods are single system calls and may be
// called from any thread.
class PidFd {
 public:
  enum class Reap {
    kYes,  // the zombie goes, and its pid may be reused
    kNo,   // the zombie stays, and with it the pid, until a wait with kYes
  };

  // Sure to be the process that is meant only for a child that was not yet waited
  // for, or for oneself. NotFound: no such process.
  static absl::StatusOr<PidFd> Open(pid_t pid);

  // Signals that process or none. NotFound: it is dead and was waited for. Signal
  // 0 sends nothing and only checks. A signal to a zombie is lost without an error.
  absl::Status Send(int signal) const;

  // How the child ended, or nothing if it still runs. Never blocks. Only the parent can
  // wait; for others, and when it was reaped already: FailedPrecondition.
  absl::StatusOr<std::optional<ProcessExit>> TryWait(Reap reap) const;

  // The same, but blocks until it has ended.
  absl::StatusOr<ProcessExit> Wait(Reap reap) const;

  // To poll for reading; it stays readable once the process is dead.
  int fd() const { return fd_.get(); }
  pid_t pid() const { return pid_; }

 private:
  PidFd(UniqueFd fd, pid_t pid) : fd_(std::move(fd)), pid_(pid) {}

  UniqueFd fd_;
  pid_t pid_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_PID_FD_H_
