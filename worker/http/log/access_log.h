#ifndef MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_
#define MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/log/sink.h"
#include "muster/log/target.h"
#include "muster/log/trouble_report.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/proto/log_format.h"
#include "muster/worker/http/log/log_line.h"

namespace muster::worker::http {

// A log of requests, a line for each. Lines are gathered and written at once, when about
// `buffer_bytes` came together, `flush_interval` after the first of them, and at destruction; whole
// lines at a time, so that several workers write to one file or FIFO. Writing does not wait: what
// cannot be written now (a full disk, a FIFO whose reader is late) is kept, up to twice the buffer
// or 64 KiB, and tried again. Lines beyond that are lost. Belongs to the loop's thread.
class AccessLog {
 public:
  struct Options {
    std::string path;
    // Opens the path, now and in Reopen.
    std::function<absl::StatusOr<log::Target>(const std::string& path)> open = log::Target::Open;
    config::LogFormat format;
    std::size_t buffer_bytes = 0;  // 0: each line is written at once
    loop::Clock::duration flush_interval = {};
    // Called when the log cannot be written or lines were lost, and when that is over; at most once
    // a minute. Null: nobody is told.
    std::function<void(absl::string_view)> report = nullptr;
  };
  // `path`: a file, to which it appends and which it creates with mode 0644, or something else that
  // log::Target::Open takes. `loop` outlives it.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, loop::EventLoop& loop);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void Write(const AccessRecord& record);
  // Whether its lines tell it.
  bool Tells(config::LogVariable variable) const { return options_.format.Tells(variable); }
  void Flush();
  // Opens the path anew, for it may have been moved; what was written until now goes to the
  // old file. On error that stays in use.
  absl::Status Reopen();

 private:
  // While lines are left, they are tried again after this time.
  static constexpr std::chrono::milliseconds kRetryInterval{100};

  AccessLog(Options options, log::Target target, loop::EventLoop& loop);
  // To be called after each try to write.
  void AfterTry();
  void Report();

  const Options options_;
  loop::EventLoop& loop_;
  log::Sink sink_;
  log::TroubleReport trouble_;
  loop::Timer flush_timer_;
  loop::Timer report_timer_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_
