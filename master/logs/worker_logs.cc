#include "muster/master/logs/worker_logs.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/host/path.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"

namespace muster::master {

std::vector<WorkerLog> WorkerLogsOf(const config::v1::Config& config) {
  std::vector<WorkerLog> logs;
  const auto add = [&](const std::string& path, const char* field) {
    if (!path.empty()) logs.push_back({path, field});
  };
  add(config.log().path(), "log.path");
  add(config.http().access_log().path(), "http.access_log.path");
  return logs;
}

absl::StatusOr<log::Target> OpenLog(const std::string& path) {
  const host::WaitNote note("opening", path);
  const std::string folder = host::FolderOf(path);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value());
  return log::Target::Open(path);
}

void OpenedLogs::Add(const WorkerLog& log, absl::StatusOr<log::Target> target) {
  if (target.ok() && target->is_inherited()) return;
  worker::v1::Log opened;
  opened.set_path(log.path);
  if (target.ok()) {
    ipc::UniqueFd fd = (*std::move(target)).Release();
    if (!fd.valid()) return;
    fds.push_back(std::move(fd));
  } else {
    opened.set_error(std::string(target.status().message()));
  }
  logs.push_back(std::move(opened));
}

absl::StatusOr<OpenedLogs> OpenWorkerLogs(const std::vector<WorkerLog>& logs) {
  OpenedLogs opened;
  for (const WorkerLog& log : logs) {
    absl::StatusOr<log::Target> target = OpenLog(log.path);
    if (!target.ok()) return config::AtField(target.status(), log.field);
    opened.Add(log, std::move(target));
  }
  return opened;
}

}  // namespace muster::master
