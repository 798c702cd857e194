#include "master/spawn.h"

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
#include "ipc/status.h"
#include "worker/command.h"

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

// OK: `path` is a program that may be run.
absl::Status CheckProgram(const std::string& path) {
  const std::string what = absl::StrCat("worker program ", path);
  struct stat file = {};
  if (::stat(path.c_str(), &file) != 0) return ipc::ErrnoStatus(what);
  if (S_ISDIR(file.st_mode)) return ipc::ErrnoStatus(what, EISDIR);
  if (::access(path.c_str(), X_OK) != 0) return ipc::ErrnoStatus(what);
  if (S_ISREG(file.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(what, ": is not a regular file"));
}

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
    MUSTER_RETURN_IF_ERROR(CheckProgram(configured));
    return configured;
  }
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return ipc::ErrnoStatus("readlink /proc/self/exe", error.value());
  const std::vector<std::string> candidates = {
      (folder / "worker").string(), (folder.parent_path() / "worker" / "worker").string()};
  for (const std::string& candidate : candidates) {
    if (CheckProgram(candidate).ok()) return candidate;
  }
  return absl::NotFoundError(absl::StrCat("no worker program at ",
                                          absl::StrJoin(candidates, " nor at "),
                                          "; name it with worker_binary or --worker"));
}

}  // namespace muster::master
