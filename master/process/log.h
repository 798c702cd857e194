#ifndef MUSTER_MASTER_PROCESS_LOG_H_
#define MUSTER_MASTER_PROCESS_LOG_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/proto/config.pb.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace muster::master {

// The master's log: a line for each event, on standard error or in a file, written at once.
// Write is thread-safe.
class Log {
 public:
  // Whether warnings and errors are written to standard error, too, where the log is a file: as
  // long as whoever started the master waits for it.
  enum class Echo { kNo, kYes };

  // On standard error, from kInfo on: before the configuration is known.
  Log();
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Goes on where `config` says. On an error everything stays as it was.
  absl::Status Configure(const config::v1::Log& config, Echo echo = Echo::kNo);
  // Opens the file again, after it was moved, say. On an error the old one stays in use.
  absl::Status Reopen();

  // Each line of `text` with time and level; those after the first are indented.
  void Write(Severity severity, absl::string_view text);

 private:
  absl::Status OpenFile(const std::string& path, Echo echo);

  std::string path_;  // empty: standard error
  Echo echo_ = Echo::kNo;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_LOG_H_
