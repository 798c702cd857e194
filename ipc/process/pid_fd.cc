#include "muster/ipc/process/pid_fd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/naps.h"
#include "muster/ipc/base/readiness.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/signal_name.h"

namespace muster::ipc {
namespace {

// The <sys/pidfd.h> of glibc 2.36 declares these without C linkage.
int OpenPid(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
int SendSignal(int fd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0));
}

absl::StatusOr<std::optional<ProcessExit>> WaitFor(int fd, pid_t pid, int options) {
  siginfo_t report = {};
  if (RetryOnEintr([&] {
        return ::waitid(P_PIDFD, static_cast<id_t>(fd), &report, WEXITED | options);
      }) < 0) {
    const int error = errno;
    if (error == ECHILD) {
      return absl::FailedPreconditionError(
          absl::StrCat("waitid ", pid, ": not a child of this process, or reaped already"));
    }
    return ErrnoStatus(absl::StrCat("waitid ", pid), error);
  }
  if (report.si_pid == 0) return std::nullopt;
  ProcessExit exit;
  exit.pid = report.si_pid;
  exit.was_killed = report.si_code != CLD_EXITED;
  exit.code = report.si_status;
  exit.dumped_core = report.si_code == CLD_DUMPED;
  return exit;
}

int WaitOptions(PidFd::Reap reap) { return reap == PidFd::Reap::kNo ? WNOWAIT : 0; }

}  // namespace

absl::StatusOr<PidFd> PidFd::Open(pid_t pid) {
  UniqueFd fd(OpenPid(pid));
  if (!fd.valid()) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("pidfd_open ", pid), error);
  }
  return PidFd(std::move(fd), pid);
}

absl::Status PidFd::Send(int signal) const {
  if (SendSignal(fd_.get(), signal) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("pidfd_send_signal ", SignalName(signal), " to ", pid_), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ProcessExit>> PidFd::TryWait(Reap reap) const {
  return WaitFor(fd_.get(), pid_, WNOHANG | WaitOptions(reap));
}

absl::StatusOr<ProcessExit> PidFd::Wait(Reap reap, Deadline deadline) const {
  const int options = WaitOptions(reap) | (deadline.is_never() ? 0 : WNOHANG);
  Naps naps;
  bool was_dead = false;
  for (bool is_last = deadline.has_passed();;) {
    MUSTER_ASSIGN_OR_RETURN(const std::optional<ProcessExit> exit,
                            WaitFor(fd_.get(), pid_, options));
    if (exit) return *exit;
    if (is_last) {
      return absl::DeadlineExceededError(absl::StrCat("waitid ", pid_, ": it still runs"));
    }
    // Dead, and not to be waited for yet: a debugger comes first.
    if (was_dead) naps.Take(deadline);
    MUSTER_ASSIGN_OR_RETURN(was_dead, AwaitReadiness(fd_.get(), POLLIN, deadline));
    is_last = deadline.has_passed();
  }
}

}  // namespace muster::ipc
