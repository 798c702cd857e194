#include "muster/master/process/worker_program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "muster/host/file_access.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/master/launch/launcher.h"
#include "muster/master/launch/launcher_file.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

std::string PathOfDescriptor(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

bool IsSameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t size;
  while ((size = ipc::RetryOnEintr([&] { return ::read(fd, buffer, sizeof(buffer)); })) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

// The small one, or else the master's own program, if a rule of the machine forbids to execute what
// is in memory only.
absl::StatusOr<Child> StartLauncher(ChildPlan child) {
  if (const int file = LauncherFile(); file >= 0) {
    child.program = PathOfDescriptor(kLauncherFd);
    child.descriptors.emplace_back(file, kLauncherFd);
    absl::StatusOr<Child> started = Child::Start(child);
    if (started.ok()) return started;
    child.descriptors.pop_back();
  }
  child.program = "/proc/self/exe";
  return Child::Start(child);
}

}  // namespace

absl::StatusOr<WorkerProgram> WorkerProgram::Open(std::string path) {
  const host::WaitNote note("opening", path);
  // Only to name the file: a program need not be readable.
  ipc::UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return absl::FailedPreconditionError(std::strerror(errno));
  const std::string why = host::WhyNotRunnable(PathOfDescriptor(file.get()));
  if (!why.empty()) return absl::FailedPreconditionError(why);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return ipc::ErrnoStatus("fstat");
  return WorkerProgram({std::move(path), status.st_mtim, status.st_size}, std::move(file));
}

absl::StatusOr<WorkerProgram> WorkerProgram::Adopt(Pin pin, ipc::UniqueFd file) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", pin.path));
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(pin.path, ": descriptor ", file.get(), " is not a regular file"));
  }
  return WorkerProgram(std::move(pin), std::move(file));
}

absl::StatusOr<Child> WorkerProgram::Start(const std::vector<std::string>& arguments,
                                           std::vector<std::pair<int, int>> descriptors,
                                           const LaunchPlan* plan) const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path()));
  if (!IsSameTime(status.st_mtim, pin_.modified) || status.st_size != pin_.size_bytes) {
    return absl::FailedPreconditionError(
        absl::StrCat("start ", path(),
                     ": its file was written to since the configuration was loaded; a reload takes "
                     "what it is now. Replace a program by renaming a new file to its path"));
  }
  ChildPlan child = {
      PathOfDescriptor(worker::kProgramFd), {path()}, std::move(descriptors), std::nullopt};
  const bool is_launched = plan != nullptr && plan->needs_launcher();
  if (is_launched) child.arguments.emplace_back(kLaunchFlag);
  child.arguments.insert(child.arguments.end(), arguments.begin(), arguments.end());
  child.descriptors.emplace_back(file_.get(), worker::kProgramFd);
  if (is_launched) return Launch(std::move(child), *plan);
  if (plan != nullptr) child.environment = plan->environment;
  return Child::Start(child);
}

absl::StatusOr<Child> WorkerProgram::Launch(ChildPlan child, const LaunchPlan& plan) const {
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd sealed_plan,
                          ipc::SealBytes("muster-launch", plan.Serialize()));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return ipc::ErrnoStatus("pipe2");
  const ipc::UniqueFd read_end(ends[0]);
  ipc::UniqueFd write_end(ends[1]);
  child.descriptors.emplace_back(sealed_plan.get(), kPlanFd);
  child.descriptors.emplace_back(write_end.get(), kFailureFd);
  MUSTER_ASSIGN_OR_RETURN(Child process, StartLauncher(std::move(child)));
  write_end.reset();
  // It ends when the program is executed, or the launcher has.
  const std::string text = ReadAll(read_end.get());
  if (text.empty()) return process;
  (void)process.Wait(ipc::PidFd::Reap::kYes);
  const std::optional<LaunchFailure> failure = LaunchFailure::Parse(text);
  if (!failure.has_value()) return absl::InternalError(absl::StrCat("start ", path(), ": ", text));
  if (failure->is_execution) return StartError(path(), failure->error);
  return ipc::ErrnoStatus(absl::StrCat("start ", path(), ": ", failure->step), failure->error);
}

}  // namespace muster::master
