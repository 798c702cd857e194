#include "muster/master/process/worker_program.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/aside/wait_note.h"
#include "muster/master/host/file_access.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

std::string PathOfDescriptor(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

bool IsSameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

absl::StatusOr<WorkerProgram> WorkerProgram::Open(std::string path) {
  const WaitNote note("opening", path);
  // Only to name the file: a program need not be readable.
  ipc::UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return absl::FailedPreconditionError(std::strerror(errno));
  const std::string why = WhyNotRunnable(PathOfDescriptor(file.get()));
  if (!why.empty()) return absl::FailedPreconditionError(why);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return ipc::ErrnoStatus("fstat");
  WorkerProgram program(std::move(path), std::move(file));
  program.modified_ = status.st_mtim;
  program.size_bytes_ = status.st_size;
  return program;
}

absl::StatusOr<Child> WorkerProgram::Start(const std::vector<std::string>& arguments,
                                           std::vector<std::pair<int, int>> descriptors) const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path_));
  if (!IsSameTime(status.st_mtim, modified_) || status.st_size != size_bytes_) {
    return absl::FailedPreconditionError(
        absl::StrCat("start ", path_,
                     ": its file was written to since the configuration was loaded; a reload takes "
                     "what it is now. Replace a program by renaming a new file to its path"));
  }
  ChildPlan plan = {PathOfDescriptor(worker::kProgramFd), {path_}, std::move(descriptors)};
  plan.arguments.insert(plan.arguments.end(), arguments.begin(), arguments.end());
  plan.descriptors.emplace_back(file_.get(), worker::kProgramFd);
  return Child::Start(plan);
}

}  // namespace muster::master
