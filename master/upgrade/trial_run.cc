#include "muster/master/upgrade/trial_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/master/process/child.h"
#include "muster/master/process/output_pipe.h"
#include "muster/master/upgrade/exec_in_place.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/upgrade/upgrade_start.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostVerdictBytes = 64 << 10;
constexpr std::size_t kMostErrorBytes = 4096;

struct Said {
  std::string verdict;
  std::string errors;
  ipc::ProcessExit exit;
};

// It has a group of its own, if it got so far.
void Kill(Child& process) {
  ::kill(-process.pid(), SIGKILL);
  (void)process.Send(SIGKILL);
  (void)process.Wait(ipc::PidFd::Reap::kYes);
}

// What was said until then is in `said` after an error, too.
absl::Status Listen(Child& process, int verdict, int errors, ipc::Deadline deadline, int stop_fd,
                    int abandon_fd, Said& said) {
  pollfd wait[] = {{.fd = verdict, .events = POLLIN, .revents = 0},
                   {.fd = errors, .events = POLLIN, .revents = 0},
                   {.fd = process.fd(), .events = POLLIN, .revents = 0},
                   {.fd = stop_fd, .events = POLLIN, .revents = 0},
                   {.fd = abandon_fd, .events = POLLIN, .revents = 0}};
  while (wait[2].revents == 0) {
    const int ready = ::poll(wait, std::size(wait), deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) {
      Kill(process);
      return ipc::ErrnoStatus("poll");
    }
    if (ready == 0 || wait[3].revents != 0 || wait[4].revents != 0) {
      Kill(process);
      if (ready == 0) return absl::DeadlineExceededError("");
      return absl::CancelledError("nobody waits for it any more");
    }
    if (wait[0].revents != 0 && !ReadSome(verdict, kMostVerdictBytes, &said.verdict)) {
      wait[0].fd = -1;
    }
    if (wait[1].revents != 0 && !ReadSome(errors, kMostErrorBytes, &said.errors)) wait[1].fd = -1;
  }
  ReadSome(verdict, kMostVerdictBytes, &said.verdict);
  ReadSome(errors, kMostErrorBytes, &said.errors);
  // What it has started and not waited for.
  ::kill(-process.pid(), SIGKILL);
  MUSTER_ASSIGN_OR_RETURN(said.exit, process.Wait(ipc::PidFd::Reap::kYes));
  return absl::OkStatus();
}

absl::Status TooLate(const Said& said, std::chrono::milliseconds limit) {
  state::v1::Verdict verdict;
  const bool has_step = verdict.ParseFromString(said.verdict) && !verdict.step().empty();
  return absl::DeadlineExceededError(absl::StrCat(
      "it did not say within ", absl::FormatDuration(absl::FromChrono(limit)),
      " whether it can take over; its trial ",
      has_step ? absl::StrCat("was still ", log::Printable(verdict.step().substr(0, 200)))
               : "has told no step of it"));
}

void Write(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ipc::RetryOnEintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written <= 0) ::_exit(1);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

absl::StatusOr<std::string> VerdictOf(const Said& said) {
  state::v1::Verdict verdict;
  if (!said.exit.was_killed && verdict.ParseFromString(said.verdict)) {
    if (!verdict.refusal().empty()) {
      return verdict.is_other_format() ? absl::UnimplementedError(verdict.refusal())
                                       : absl::FailedPreconditionError(verdict.refusal());
    }
    if (!verdict.version().empty() && said.exit.code == 0) return verdict.version();
  }
  const std::string line = log::Printable(said.errors.substr(0, said.errors.find('\n')));
  return absl::FailedPreconditionError(
      absl::StrCat("it gave no verdict, so it may be no master, or one that cannot take over: ",
                   said.exit.ToString(), line.empty() ? "" : ": ", line));
}

}  // namespace

TrialDescriptors TrialDescriptors::Use(absl::Span<const int> descriptors) {
  TrialDescriptors used;
  used.used_.assign(descriptors.begin(), descriptors.end());
  return used;
}

absl::StatusOr<TrialDescriptors> TrialDescriptors::Take(absl::Span<const int> descriptors,
                                                        int locked) {
  TrialDescriptors taken;
  for (const int fd : descriptors) {
    if (fd == locked) {
      taken.used_.push_back(fd);
      continue;
    }
    ipc::UniqueFd duplicate(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!duplicate.valid()) {
      return ipc::ErrnoStatus(absl::StrCat("duplicate descriptor ", fd, " for the trial"));
    }
    taken.taken_.emplace_back(std::move(duplicate), fd);
  }
  return taken;
}

std::vector<std::pair<int, int>> TrialDescriptors::pairs() const {
  std::vector<std::pair<int, int>> pairs;
  for (const auto& [ours, theirs] : taken_) pairs.emplace_back(ours.get(), theirs);
  for (const int fd : used_) pairs.emplace_back(fd, fd);
  return pairs;
}

absl::StatusOr<std::string> TryProgram(const TrialPlan& plan, int stop_fd, const TrialTime& time) {
  const host::WaitNote note("trying", plan.program->path());
  MUSTER_ASSIGN_OR_RETURN(OutputPipe verdict, OutputPipe::Make());
  MUSTER_ASSIGN_OR_RETURN(OutputPipe errors, OutputPipe::Make());
  const ipc::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.valid()) return ipc::ErrnoStatus("open /dev/null");
  std::vector<std::pair<int, int>> descriptors = plan.descriptors.pairs();
  int next = STDERR_FILENO;
  for (const auto& [ours, theirs] : descriptors) next = std::max(next, theirs);
  const int state = ++next;
  const int verdict_fd = ++next;
  const int program = ++next;
  std::erase_if(descriptors, [](const auto& pair) { return pair.second <= STDERR_FILENO; });
  descriptors.insert(descriptors.end(), {{nothing.get(), STDIN_FILENO},
                                         {nothing.get(), STDOUT_FILENO},
                                         {errors.write.get(), STDERR_FILENO},
                                         {plan.state.get(), state},
                                         {verdict.write.get(), verdict_fd},
                                         {plan.program->fd(), program}});
  const ChildPlan child = {
      .program = absl::StrCat("/proc/self/fd/", program),
      .arguments = TrialArguments(plan.program->path(), state, verdict_fd, plan.arguments),
      .descriptors = std::move(descriptors),
      .environment = ExecEnvironment()};
  MUSTER_ASSIGN_OR_RETURN(Child process, Child::Start(child));
  verdict.write.reset();
  errors.write.reset();
  Said said;
  const absl::Status heard =
      Listen(process, verdict.read.get(), errors.read.get(), time.deadline, stop_fd,
             plan.abandon == nullptr ? -1 : plan.abandon->fd(), said);
  if (absl::IsDeadlineExceeded(heard)) return TooLate(said, time.limit);
  MUSTER_RETURN_IF_ERROR(heard);
  return VerdictOf(said);
}

void TellTrialSteps(int fd) {
  TellRestoreSteps([fd](const char* step) {
    state::v1::Verdict verdict;
    verdict.set_step(step);
    Write(fd, verdict.SerializeAsString());
  });
}

void GiveVerdict(int fd, const absl::StatusOr<std::string>& version) {
  state::v1::Verdict verdict;
  if (version.ok()) {
    verdict.set_version(*version);
  } else {
    verdict.set_refusal(log::Printable(version.status().message()).substr(0, 8192));
    if (verdict.refusal().empty()) verdict.set_refusal("it refuses, and does not say why");
    verdict.set_is_other_format(absl::IsUnimplemented(version.status()));
  }
  Write(fd, verdict.SerializeAsString());
  ::_exit(0);
}

}  // namespace muster::master
