#include "muster/master/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/signal_name.h"
#include "muster/ipc/process/signal_set.h"

namespace muster::master {
namespace {

constexpr int kEnding[] = {SIGTERM, SIGINT, SIGQUIT};

constexpr int kMostNoted = 1024;
// No constructor has run when it is filled in.
bool is_inherited[kMostNoted] = {};

void CloseInheritedDescriptors() {
  for (int fd = 0; fd < kMostNoted; ++fd) {
    if (is_inherited[fd]) ::close(fd);
  }
}

ExitCode Fail(const std::string& why) {
  std::fprintf(stderr, "master: cannot become a daemon: %s\n", why.c_str());
  return ExitCode::kFailed;
}

// True: the daemon serves. False: it has closed the pipe without a line, so it ends.
bool AwaitLine(int pipe, const ipc::SignalSet& signals, pid_t daemon) {
  while (true) {
    pollfd wait[] = {{.fd = pipe, .events = POLLIN, .revents = 0},
                     {.fd = signals.fd(), .events = POLLIN, .revents = 0}};
    if (ipc::RetryOnEintr([&] { return ::poll(wait, 2, -1); }) < 0) return false;
    if (wait[0].revents != 0) {
      char byte = 0;
      return ipc::RetryOnEintr([&] { return ::read(pipe, &byte, 1); }) == 1;
    }
    const auto signal = signals.TryRead();
    // It is not reaped, so the number is its.
    if (signal.ok() && signal->has_value()) ::kill(daemon, (*signal)->number);
  }
}

ExitCode AwaitDaemon(int pipe, pid_t daemon) {
  const absl::StatusOr<ipc::SignalSet> signals = ipc::SignalSet::Block(kEnding);
  if (!signals.ok()) {
    ::kill(daemon, SIGTERM);
    return Fail(std::string(signals.status().message()));
  }
  if (AwaitLine(pipe, *signals, daemon)) return ExitCode::kDone;
  int status = 0;
  if (ipc::RetryOnEintr([&] { return ::waitpid(daemon, &status, 0); }) < 0) {
    return Fail(absl::StrCat("waitpid: ", std::strerror(errno)));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    return static_cast<ExitCode>(WEXITSTATUS(status));
  }
  return Fail(WIFSIGNALED(status)
                  ? absl::StrCat("it was killed by ", ipc::SignalName(WTERMSIG(status)))
                  : "it was stopped before it served");
}

}  // namespace

void NoteInheritedDescriptors(int argc, char** argv) {
  const bool is_asked = std::any_of(argv, argv + argc, [](const char* argument) {
    return std::strcmp(argument, "--daemon") == 0;
  });
  if (!is_asked) return;
  for (int fd = STDERR_FILENO + 1; fd < kMostNoted; ++fd) {
    is_inherited[fd] = ::fcntl(fd, F_GETFD) >= 0;
  }
}

std::variant<int, ExitCode> BecomeDaemon() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(absl::StrCat("pipe2: ", std::strerror(errno)));
  const ipc::UniqueFd read_end(ends[0]);
  ipc::UniqueFd write_end(ends[1]);
  const pid_t daemon = ::fork();
  if (daemon < 0) return Fail(absl::StrCat("fork: ", std::strerror(errno)));
  if (daemon == 0) {
    // It leads no process group, so this cannot fail.
    ::setsid();
    CloseInheritedDescriptors();
    return write_end.release();
  }
  write_end.reset();
  return AwaitDaemon(read_end.get(), daemon);
}

}  // namespace muster::master
