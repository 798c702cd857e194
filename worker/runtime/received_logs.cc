#include "muster/worker/runtime/received_logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

// Whether the user may do it. Landlock lets everybody ask.
bool MayWrite(const std::string& path) {
  if (::access(path.c_str(), W_OK) == 0) return true;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return errno == ENOENT && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

ReceivedLogs ReceivedLogs::Inherit(const v1::Hello& hello) {
  ReceivedLogs logs;
  for (const v1::Log& log : hello.log()) {
    const auto fd = static_cast<int>(log.fd());
    if (fd < kFirstLogFd || fd >= kFirstLogFd + kMostLogs) continue;
    // An interpreter may have closed it.
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    logs.received_.emplace(log.path(), ipc::UniqueFd(fd));
    logs.inherited_.insert(log.path());
  }
  return logs;
}

absl::Status ReceivedLogs::Take(const ipc::ReceivedMessage& reopen) {
  v1::Logs logs;
  if (!logs.ParseFromString(reopen.payload)) {
    return absl::InvalidArgumentError("REOPEN: its payload is no muster.worker.v1.Logs");
  }
  std::size_t count = 0;
  for (const v1::Log& log : logs.log()) count += log.error().empty() ? 1 : 0;
  if (count != reopen.fds.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("REOPEN: ", config::Counted(count, "log"), ", but ",
                     config::Counted(reopen.fds.size(), "descriptor")));
  }
  received_.clear();
  std::size_t next = 0;
  for (const v1::Log& log : logs.log()) {
    if (log.error().empty()) {
      received_.emplace(log.path(), ipc::DuplicateFd(reopen.fds[next++].get()));
    } else {
      received_.emplace(log.path(), absl::UnavailableError(log.error()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<log::Target> ReceivedLogs::Open(const std::string& path) {
  if (const auto found = received_.find(path); found != received_.end()) {
    absl::StatusOr<ipc::UniqueFd> fd = std::move(received_.extract(found).mapped());
    if (!fd.ok()) return fd.status();
    return log::Target::Adopt(*std::move(fd), path);
  }
  absl::StatusOr<log::Target> target = log::Target::Open(path);
  if (!absl::IsPermissionDenied(target.status()) || !MayWrite(path)) return target;
  return absl::PermissionDeniedError(
      absl::StrCat(target.status().message(), " by the sandbox of this worker"));
}

}  // namespace muster::worker
