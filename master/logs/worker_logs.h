#ifndef MUSTER_MASTER_LOGS_WORKER_LOGS_H_
#define MUSTER_MASTER_LOGS_WORKER_LOGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/log/target.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// A log file that workers of a configuration write to.
struct WorkerLog {
  std::string path;
  std::string field;  // of the configuration: "log.path"
};

// The logs that the master opens for each worker of the configuration, since the workers' user need
// not have the right to.
std::vector<WorkerLog> WorkerLogsOf(const config::v1::Config& config);

// As log::Target::Open, and makes the folder of a file if it is missing. Blocks for as long as the
// file system does.
absl::StatusOr<log::Target> OpenLog(const std::string& path);

// Logs that were opened for one worker. It has descriptions of its own, so that it can take back
// half a line that found no room.
struct OpenedLogs {
  std::vector<worker::v1::Log> logs;  // those without a descriptor have an error
  std::vector<ipc::UniqueFd> fds;     // of those without an error, in the same order

  // Not what the worker inherits as this process has, as /dev/stderr. A FIFO that nobody reads, and
  // that this process may only write to, has no descriptor: the worker opens it by itself.
  void Add(const WorkerLog& log, absl::StatusOr<log::Target> target);
};

// Opens them for a new worker. The error, of the first that cannot be opened, has its field.
absl::StatusOr<OpenedLogs> OpenWorkerLogs(const std::vector<WorkerLog>& logs);

}  // namespace muster::master

#endif  // MUSTER_MASTER_LOGS_WORKER_LOGS_H_
