#ifndef MUSTER_WORKER_RUNTIME_ERROR_LOG_H_
#define MUSTER_WORKER_RUNTIME_ERROR_LOG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// Writes lines for the operator to standard error. Each line is one write, so that the lines of
// several processes do not mix. If the configuration names a file, standard error becomes that
// file. So it also contains what libraries and the C++ runtime print when a process fails.
class ErrorLog {
 public:
  // `writer` is part of each line: "worker 3 of generation 7".
  static absl::StatusOr<ErrorLog> Open(const config::v1::Log& config, std::string writer);

  // Opens the file again after it was moved. On error the old one stays in use.
  absl::Status Reopen() const;

  // Writes one line; control characters are escaped. Blocks as a write to a file does. An error is
  // ignored, since there is nowhere to report it. Thread-safe.
  void Write(config::v1::Log::Level level, absl::string_view message) const;

 private:
  ErrorLog(const config::v1::Log& config, std::string writer)
      : path_(config.path()), level_(config.level()), writer_(std::move(writer)) {}

  std::string path_;  // empty: standard error as it is
  config::v1::Log::Level level_;
  std::string writer_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ERROR_LOG_H_
