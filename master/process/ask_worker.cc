#include "muster/master/process/ask_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/aside/wait_note.h"
#include "muster/master/process/child.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;
constexpr std::size_t kMostErrorBytes = 4096;

struct PipeEnds {
  ipc::UniqueFd read;
  ipc::UniqueFd write;
};

absl::StatusOr<PipeEnds> MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) < 0) return ipc::ErrnoStatus("pipe2");
  PipeEnds ends = {ipc::UniqueFd(fds[0]), ipc::UniqueFd(fds[1])};
  if (::fcntl(ends.read.get(), F_SETFL, O_NONBLOCK) < 0) return ipc::ErrnoStatus("fcntl of a pipe");
  return ends;
}

// Adds what is there, up to `most`; what is beyond is dropped. False: nothing more will come.
bool ReadSome(int fd, std::size_t most, std::string* text) {
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd, buffer, sizeof(buffer)); });
    if (got <= 0) return got < 0 && errno == EAGAIN;
    text->append(buffer, std::min(static_cast<std::size_t>(got), most - text->size()));
  }
}

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

}  // namespace

absl::StatusOr<worker::v1::Description> AskWorker(const WorkerProgram& program,
                                                  absl::Duration timeout, int stop_fd) {
  const std::string command = absl::StrCat(program.path(), " ", worker::kDescribeFlag);
  const WaitNote note("asking", command);
  const ipc::Deadline deadline = ipc::Deadline::After(timeout);
  MUSTER_ASSIGN_OR_RETURN(PipeEnds output, MakePipe());
  MUSTER_ASSIGN_OR_RETURN(PipeEnds errors, MakePipe());
  const ipc::UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return ipc::ErrnoStatus("open /dev/null");
  MUSTER_ASSIGN_OR_RETURN(
      Child process, program.Start({worker::kDescribeFlag}, {{nothing.get(), STDIN_FILENO},
                                                             {output.write.get(), STDOUT_FILENO},
                                                             {errors.write.get(), STDERR_FILENO}}));
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

std::function<absl::StatusOr<worker::v1::Description>(const std::string&)> AskWhenNeeded(
    std::shared_ptr<WorkerFinder> finder, int stop_fd) {
  return [finder = std::move(finder),
          stop_fd](const std::string& configured) -> absl::StatusOr<worker::v1::Description> {
    MUSTER_ASSIGN_OR_RETURN(const std::shared_ptr<const WorkerProgram> program,
                            finder->Find(configured));
    return AskWorker(*program, kDescribeTimeout, stop_fd);
  };
}

}  // namespace muster::master
