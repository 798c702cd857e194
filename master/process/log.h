#ifndef MUSTER_MASTER_PROCESS_LOG_H_
#define MUSTER_MASTER_PROCESS_LOG_H_

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/log/line_log.h"
#include "muster/log/trouble_report.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// The master's log: one line for each event, written at once, to standard error or to a file. It
// waits for nobody: lines that cannot be written are kept or lost (log/line_log.h), and a file
// without space is told of on standard error, once a minute. Write is thread-safe. Configure,
// Reopen and Flush belong to one thread.
class Log {
 public:
  // Whether warnings and errors go to standard error as well, if the log is a file. They do while
  // whoever started the master waits for it.
  enum class Echo { kNo, kYes };

  // Logs to standard error, from kInfo on, until the configuration is known.
  Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Logs as `config` says from now on. On an error everything stays as it was.
  absl::Status Configure(const config::v1::Log& config, Echo echo = Echo::kNo);
  // Logs from this level on, until it is configured again.
  void SetLevel(config::v1::Log::Level level);
  config::v1::Log::Level level() const;
  // Opens the file again, for instance after it was moved. On an error the old one stays in use.
  absl::Status Reopen();

  // Writes each line of `text` with the time and the level. Lines after the first are indented.
  // Other control characters are escaped. What is not ours to trust, such as the text of a worker,
  // comes as one line (log/printable.h).
  void Write(Severity severity, absl::string_view text);
  // The same, but whatever the level of the log is.
  void Audit(Severity severity, absl::string_view text);
  // Whether Configure has set log.audit to JSON.
  bool audits_as_json();

  // Is told, in the thread of Write, of each warning and each error that Write writes, whatever the
  // level is. It must neither block nor write. Null: nobody.
  using Listener = std::function<void(Severity, absl::string_view)>;
  void SetListener(Listener listener);
  // As Write, for what the listener's owner tells itself.
  void WriteUnheard(Severity severity, absl::string_view text);

  // Tries again to write what is left. To be called once a second or so.
  void Flush(std::chrono::steady_clock::time_point now);

 private:
  absl::Status OpenFile(const std::string& path);
  // The lock is held.
  void WriteLines(Severity severity, absl::string_view text);

  mutable std::mutex mutex_;  // guards all
  std::string path_;          // empty: standard error
  Echo echo_ = Echo::kNo;
  config::v1::Log::Level level_ = config::v1::Log::INFO;
  bool audits_as_json_ = false;
  Listener listener_;
  std::optional<log::LineLog> standard_error_;  // empty: it is not open
  std::optional<log::LineLog> file_;
  std::optional<log::TroubleReport> file_trouble_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_LOG_H_
