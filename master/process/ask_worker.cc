#include "muster/master/process/ask_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/process/child.h"
#include "muster/master/process/output_pipe.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;
constexpr std::size_t kMostErrorBytes = 4096;

struct Said {
  std::string output;
  std::string errors;
  ipc::ProcessExit exit;
};

// Reads until the process has ended; kills it at the deadline, or when `stop_fd` is readable.
absl::StatusOr<Said> Listen(Child& process, const ipc::UniqueFd& output,
                            const ipc::UniqueFd& errors, ipc::Deadline deadline, int stop_fd) {
  Said said;
  pollfd wait[] = {{.fd = output.get(), .events = POLLIN, .revents = 0},
                   {.fd = errors.get(), .events = POLLIN, .revents = 0},
                   {.fd = process.fd(), .events = POLLIN, .revents = 0},
                   {.fd = stop_fd, .events = POLLIN, .revents = 0}};
  while (wait[2].revents == 0) {
    const int ready = ::poll(wait, std::size(wait), deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) return ipc::ErrnoStatus("poll");
    if (ready == 0 || wait[3].revents != 0) {
      (void)process.Send(SIGKILL);
      (void)process.Wait(ipc::PidFd::Reap::kYes);
      if (ready == 0) return absl::DeadlineExceededError("it did not end in time");
      return absl::CancelledError("nobody waits for it any more");
    }
    // Its end of a pipe may be closed long before it ends: a negative descriptor is not polled.
    if (wait[0].revents != 0 && !ReadSome(output.get(), kMostBytes, &said.output)) wait[0].fd = -1;
    if (wait[1].revents != 0 && !ReadSome(errors.get(), kMostErrorBytes, &said.errors)) {
      wait[1].fd = -1;
    }
  }
  ReadSome(output.get(), kMostBytes, &said.output);
  ReadSome(errors.get(), kMostErrorBytes, &said.errors);
  MUSTER_ASSIGN_OR_RETURN(said.exit, process.Wait(ipc::PidFd::Reap::kYes));
  return said;
}

// In the thread that calls it.
absl::StatusOr<worker::v1::Description> Ask(const WorkerProgram& program, const LaunchPlan& plan,
                                            const std::string& command, absl::Duration timeout,
                                            int stop_fd) {
  const ipc::Deadline deadline = ipc::Deadline::After(timeout);
  MUSTER_ASSIGN_OR_RETURN(OutputPipe output, OutputPipe::Make());
  MUSTER_ASSIGN_OR_RETURN(OutputPipe errors, OutputPipe::Make());
  const ipc::UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return ipc::ErrnoStatus("open /dev/null");
  MUSTER_ASSIGN_OR_RETURN(Child process, program.Start({worker::kDescribeFlag},
                                                       {{nothing.get(), STDIN_FILENO},
                                                        {output.write.get(), STDOUT_FILENO},
                                                        {errors.write.get(), STDERR_FILENO}},
                                                       &plan));
  output.write.reset();
  errors.write.reset();
  const absl::StatusOr<Said> said = Listen(process, output.read, errors.read, deadline, stop_fd);
  if (!said.ok()) return ipc::Annotate(said.status(), command);
  const bool is_well = !said->exit.was_killed && said->exit.code == 0;
  worker::v1::Description description;
  if (is_well && description.ParseFromString(said->output) && !description.version().empty()) {
    return description;
  }
  const std::string line = said->errors.substr(0, said->errors.find('\n'));
  return absl::FailedPreconditionError(
      absl::StrCat(command, ": does not describe what it serves: ",
                   is_well ? "it is not a worker program of muster" : said->exit.ToString(),
                   line.empty() ? "" : ": ", line));
}

}  // namespace

absl::StatusOr<worker::v1::Description> AskWorker(const WorkerProgram& program,
                                                  const LaunchPlan& plan, absl::Duration timeout,
                                                  int stop_fd) {
  const std::string command = absl::StrCat(program.path(), " ", worker::kDescribeFlag);
  const host::WaitNote note("asking", command);
  if (!plan.no_new_privs) return Ask(program, plan, command, timeout, stop_fd);
  // Where no launcher is needed, the program has them of the thread that starts it, which can never
  // give them up.
  absl::StatusOr<worker::v1::Description> description = absl::UnknownError("");
  std::thread([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    description = Ask(program, plan, command, timeout, stop_fd);
  }).join();
  return description;
}

}  // namespace muster::master
