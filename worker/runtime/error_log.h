#ifndef MUSTER_WORKER_RUNTIME_ERROR_LOG_H_
#define MUSTER_WORKER_RUNTIME_ERROR_LOG_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/lock/counter.h"
#include "muster/log/line_log.h"
#include "muster/log/target.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// Writes lines for the operator to standard error, or to the file that the configuration names.
// Each line is one write, so that the lines of several processes do not mix. Nothing waits: lines
// that cannot be written are kept or lost (log/line_log.h). Standard error becomes what the log
// writes to, so that it also contains what libraries and the C++ runtime print when a process
// fails, and so that they do not wait either; only a socket, or what another user made, stays as it
// was.
class ErrorLog {
 public:
  // `writer` is part of each line: "worker 3 of generation 7". `level_in_force`, which outlives it,
  // has a level in place of the configuration's, if it is not zero (MasterStatus::log_level); null:
  // there is none. `open` opens the configuration's path, now and in Reopen.
  using OpenTarget = std::function<absl::StatusOr<log::Target>(const std::string& path)>;
  static absl::StatusOr<ErrorLog> Open(const config::v1::Log& config, std::string writer,
                                       const ipc::Gauge* level_in_force = nullptr,
                                       OpenTarget open = log::Target::Open);

  // Opens the file again after it was moved. On error the old one stays in use.
  absl::Status Reopen() const;

  // Writes one line; what would end it or is not printable is escaped. Does not block, except for a
  // short mutex. Thread-safe.
  void Write(config::v1::Log::Level level, absl::string_view message) const;

  // Tries again to write what is left. To be called once a second or so. Thread-safe.
  void Flush() const;

 private:
  struct Lines {
    std::mutex mutex;
    log::LineLog log;  // guarded by mutex
  };

  ErrorLog(const config::v1::Log& config, const ipc::Gauge* level_in_force, OpenTarget open,
           std::unique_ptr<Lines> lines)
      : path_(config.path()),
        level_(config.level()),
        level_in_force_(level_in_force),
        open_(std::move(open)),
        lines_(std::move(lines)) {}

  config::v1::Log::Level level() const;

  std::string path_;  // empty: standard error as it is
  config::v1::Log::Level level_;
  const ipc::Gauge* level_in_force_;
  OpenTarget open_;
  std::unique_ptr<Lines> lines_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ERROR_LOG_H_
