#include "muster/master/aside/call_in_time.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/master/aside/side_thread.h"

namespace muster::master {
namespace {

// Readable while one of the signals that end a program is pending.
ipc::UniqueFd WatchEnds() {
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) ::sigaddset(&ends, signal);
  return ipc::UniqueFd(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
}

struct Fds {
  Fds(ipc::WakeFd done_fd, ipc::WakeFd stop_fd)
      : done(std::move(done_fd)), stop(std::move(stop_fd)) {}
  ipc::WakeFd done;
  ipc::WakeFd stop;
};

enum class Came { kEnd, kSignal, kDeadline };

absl::StatusOr<Came> Await(int done, int ends, ipc::Deadline deadline) {
  while (true) {
    pollfd wait[] = {{.fd = done, .events = POLLIN, .revents = 0},
                     {.fd = ends, .events = POLLIN, .revents = 0}};
    if (::poll(wait, 2, deadline.poll_timeout()) < 0 && errno != EINTR) {
      return ipc::ErrnoStatus("poll");
    }
    if (wait[0].revents != 0) return Came::kEnd;
    if (wait[1].revents != 0) return Came::kSignal;
    if (deadline.has_passed()) return Came::kDeadline;
  }
}

}  // namespace

absl::Status PerformInTime(absl::AnyInvocable<void(int stop_fd)> task, absl::Duration timeout) {
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd done, ipc::WakeFd::Create());
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd stop, ipc::WakeFd::Create());
  const ipc::UniqueFd ends = WatchEnds();
  if (!ends.valid()) return ipc::ErrnoStatus("signalfd");
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<SideThread> thread, SideThread::Start());
  const auto fds = std::make_shared<const Fds>(std::move(done), std::move(stop));
  thread->Post([task = std::move(task), fds]() mutable {
    task(fds->stop.fd());
    task = nullptr;
    fds->done.Notify();
  });
  MUSTER_ASSIGN_OR_RETURN(const Came came,
                          Await(fds->done.fd(), ends.get(), ipc::Deadline::After(timeout)));
  if (came == Came::kEnd) return absl::OkStatus();
  const auto busy = thread->busy();
  fds->stop.Notify();
  const std::string what = !busy || busy->what.empty() ? "busy" : busy->what;
  if (came == Came::kSignal) {
    return absl::CancelledError(absl::StrCat("a signal came while it was ", what));
  }
  return absl::DeadlineExceededError(
      absl::StrCat("still ", what, " after ", absl::FormatDuration(timeout)));
}

}  // namespace muster::master
