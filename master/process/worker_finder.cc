#include "muster/master/process/worker_finder.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

}  // namespace

absl::StatusOr<std::shared_ptr<const WorkerProgram>> WorkerFinder::OpenOnce(
    const std::string& path) {
  std::shared_ptr<const WorkerProgram>& opened = opened_[path];
  if (opened == nullptr) {
    MUSTER_ASSIGN_OR_RETURN(WorkerProgram program, WorkerProgram::Open(path));
    opened = std::make_shared<const WorkerProgram>(std::move(program));
  }
  return opened;
}

absl::StatusOr<std::shared_ptr<const WorkerProgram>> WorkerFinder::Find(
    const std::string& configured) {
  const std::string& named = has_flag() ? from_flag_ : configured;
  if (!named.empty()) {
    auto program = OpenOnce(named);
    if (program.ok()) return program;
    return ipc::Annotate(program.status(), absl::StrCat("worker program ", named));
  }
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return ipc::ErrnoStatus("readlink /proc/self/exe", error.value());
  std::vector<std::string> reasons;
  for (const fs::path& candidate :
       {folder / "worker", folder.parent_path() / "worker" / "worker"}) {
    auto program = OpenOnce(candidate.string());
    if (program.ok()) return program;
    reasons.push_back(absl::StrCat(candidate.string(), ": ", program.status().message()));
  }
  return absl::NotFoundError(absl::StrCat("no worker program at ",
                                          absl::StrJoin(reasons, ", nor at "),
                                          "; name it with worker_binary or --worker"));
}

}  // namespace muster::master
