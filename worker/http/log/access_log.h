#ifndef MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_
#define MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/proto/log_format.h"
#include "muster/worker/http/log/log_line.h"

namespace muster::worker::http {

// A log of requests, a line for each. Lines are gathered and written at once, when about
// `buffer_bytes` came together, `flush_interval` after the first of them, and at destruction; whole
// lines at a time, so that several workers append to one file. What cannot be written (a full disk)
// is lost. Belongs to the loop's thread; writing blocks as the file does.
class AccessLog {
 public:
  struct Options {
    std::string path;
    config::LogFormat format;
    std::size_t buffer_bytes = 0;  // 0: each line is written at once
    loop::Clock::duration flush_interval = {};
  };
  // Appends to the path, which it creates with mode 0644. `loop` outlives it.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(Options options, loop::EventLoop& loop);
  ~AccessLog() { Flush(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void Write(const AccessRecord& record);
  void Flush();
  // Opens the path anew, for it may have been moved; what was written until now goes to the
  // old file. On error that stays in use.
  absl::Status Reopen();

 private:
  AccessLog(Options options, ipc::UniqueFd file, loop::EventLoop& loop);
  static absl::StatusOr<ipc::UniqueFd> OpenFile(const std::string& path);

  const Options options_;
  ipc::UniqueFd file_;
  std::string lines_;
  loop::Timer flush_timer_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_LOG_ACCESS_LOG_H_
