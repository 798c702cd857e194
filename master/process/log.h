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

// The master's log: one line for each event, written at once, to standard error or to a file. Write
// is thread-safe.
class Log {
 public:
  // Whether warnings and errors go to standard error as well, if the log is a file. They do while
  // whoever started the master waits for it.
  enum class Echo { kNo, kYes };

  // Logs to standard error, from kInfo on, until the configuration is known.
  Log();
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Logs as `config` says from now on. On an error everything stays as it was.
  absl::Status Configure(const config::v1::Log& config, Echo echo = Echo::kNo);
  // Opens the file again, for instance after it was moved. On an error the old one stays in use.
  absl::Status Reopen();

  // Writes each line of `text` with the time and the level. Lines after the first are indented.
  void Write(Severity severity, absl::string_view text);

 private:
  absl::Status OpenFile(const std::string& path, Echo echo);

  std::string path_;  // empty: standard error
  Echo echo_ = Echo::kNo;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_LOG_H_
