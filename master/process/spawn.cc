#include "muster/master/process/spawn.h"

#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

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

// What posix_spawn is told, freed at the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // Zero or an errno, as the calls return it.
  int Prepare(int channel_fd) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    // dup2 also clears close-on-exec, even if the numbers are the same (POSIX.1-2024, glibc).
    int error = ::posix_spawn_file_actions_adddup2(&actions_, channel_fd, worker::kChannelFd);
    if (error == 0) {
      error = ::posix_spawn_file_actions_addclosefrom_np(&actions_, worker::kChannelFd + 1);
    }
    if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) {
      error =
          ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    return error;
  }

  int Spawn(const std::string& binary, pid_t* pid) {
    char* const arguments[] = {const_cast<char*>(binary.c_str()), nullptr};
    return ::posix_spawn(pid, binary.c_str(), &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<SpawnedWorker> SpawnWorker(const std::string& binary) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  SpawnPlan plan;
  if (const int error = plan.Prepare(channel.second.fd()); error != 0) {
    return ipc::ErrnoStatus("posix_spawn attributes", error);
  }
  pid_t pid = -1;
  if (const int error = plan.Spawn(binary, &pid); error != 0) {
    return ipc::ErrnoStatus(absl::StrCat("start ", binary), error);
  }
  // Ours and not yet waited for, so it is that process, dead or alive.
  MUSTER_ASSIGN_OR_RETURN(ipc::PidFd process, ipc::PidFd::Open(pid));
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
