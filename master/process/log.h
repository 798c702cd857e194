#ifndef MUSTER_MASTER_PROCESS_LOG_H_
#define MUSTER_MASTER_PROCESS_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/log/line_log.h"
#include "muster/log/target.h"
#include "muster/log/trouble_report.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/state/process_state.pb.h"

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

  // Whether standard error is of use. A daemon lets go of it when the echo ends.
  enum class StandardError { kAlways, kUntilServing };

  // Logs to standard error, from kInfo on, until the configuration is known. It has a description
  // of its own, or a duplicate, so the descriptor may be replaced.
  explicit Log(StandardError standard_error = StandardError::kAlways);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Opens the log's file for it. Called without a lock.
  using Opener = std::function<absl::StatusOr<log::Target>(const std::string& path)>;

  // Logs as `config` says from now on. On an error everything stays as it was.
  absl::Status Configure(const config::v1::Log& config, Echo echo = Echo::kNo,
                         const Opener& open = OpenLog);
  // Logs from this level on, until it is configured again.
  void SetLevel(config::v1::Log::Level level);
  config::v1::Log::Level level() const;
  // Opens the file again, for instance after it was moved. On an error the old one stays in use.
  absl::Status Reopen(const Opener& open = OpenLog);

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

  // What another program needs to go on with this log: where it is written, and what is not written
  // yet. Not its listener, nor whether trouble with the file was told.
  state::v1::LogState Save(DescriptorKeep& keep) const;
  // Goes on with what Save has returned in the program before. Before the first line. Writes
  // nothing until Begin: lines that come before it are kept, and gone if the object is destroyed.
  // The error has the field; the object is as it was then.
  absl::Status Restore(const state::v1::LogState& state, DescriptorInheritance& inheritance);
  void Begin();

 private:
  // Of a log that was restored, until Begin.
  struct Resumption {
    std::optional<log::Target> file{};
    log::LineLog::Left standard_error_left{};
    log::LineLog::Left file_left{};
    std::uint64_t lost_lines = 0;
    std::vector<std::pair<Severity, std::string>> lines{};
  };
  // More than a start has to tell.
  static constexpr std::size_t kMostHeldLines = 1000;

  // The lock is held.
  void ReplaceFile(log::Target target);
  void WriteLines(Severity severity, absl::string_view text);

  mutable std::mutex mutex_;  // guards all
  std::string path_;          // empty: standard error
  const StandardError use_;
  Echo echo_ = Echo::kNo;
  config::v1::Log::Level level_ = config::v1::Log::INFO;
  bool audits_as_json_ = false;
  Listener listener_;
  std::optional<log::LineLog> standard_error_;  // empty: it is not open
  std::optional<log::LineLog> file_;
  std::optional<log::TroubleReport> file_trouble_;
  std::optional<Resumption> resumption_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_LOG_H_
