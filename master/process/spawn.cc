#include "muster/master/process/spawn.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"
#include "muster/master/process/file_access.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

}  // namespace

absl::StatusOr<SpawnedWorker> SpawnWorker(const std::string& binary) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  MUSTER_ASSIGN_OR_RETURN(
      Child process, Child::Start({binary, {binary}, {{channel.second.fd(), worker::kChannelFd}}}));
  return SpawnedWorker{std::move(process), std::move(channel.first)};
}

absl::StatusOr<std::string> FindWorkerBinary(const std::string& configured) {
  if (!configured.empty()) {
    const std::string why = WhyNotRunnable(configured);
    if (why.empty()) return configured;
    return absl::FailedPreconditionError(absl::StrCat("worker program ", configured, ": ", why));
  }
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return ipc::ErrnoStatus("readlink /proc/self/exe", error.value());
  std::vector<std::string> reasons;
  for (const fs::path& candidate :
       {folder / "worker", folder.parent_path() / "worker" / "worker"}) {
    const std::string why = WhyNotRunnable(candidate.string());
    if (why.empty()) return candidate.string();
    reasons.push_back(absl::StrCat(candidate.string(), ": ", why));
  }
  return absl::NotFoundError(absl::StrCat("no worker program at ",
                                          absl::StrJoin(reasons, ", nor at "),
                                          "; name it with worker_binary or --worker"));
}

}  // namespace muster::master
