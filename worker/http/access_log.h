#ifndef WORKER_HTTP_ACCESS_LOG_H_
#define WORKER_HTTP_ACCESS_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ipc/unique_fd.h"
#include "loop/event_loop.h"
#include "worker/http/peer_address.h"

namespace muster::worker::http {

// One answered request.
struct AccessRecord {
  PeerAddress peer;
  absl::string_view time;  // of the log: DateCache::log_time
  absl::string_view request_line;
  int status = 0;
  std::uint64_t body_bytes = 0;  // sent
  std::optional<absl::string_view> referer;
  std::optional<absl::string_view> user_agent;
};

// A log of requests in the combined format, as nginx writes it:
//
//   192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 34 "-" "curl/8"
//
// What a client sent stands there with quotes, backslashes, control characters and bytes beyond
// ASCII as \xHH. Lines are gathered and written at once, when 64 KiB came together, a second after
// the first of them, and at destruction; whole lines at a time, so that several workers append to
// one file. What cannot be written (a full disk) is lost. Belongs to the loop's thread; writing
// blocks as the file does.
class AccessLog {
 public:
  // Appends to `path`, which it creates with mode 0644. `loop` outlives it.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(std::string path, loop::EventLoop& loop);
  ~AccessLog() { Flush(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void Write(const AccessRecord& record);
  void Flush();
  // Opens the path anew, for it may have been moved; what was written until now goes to the
  // old file. On error that stays in use.
  absl::Status Reopen();

 private:
  AccessLog(std::string path, ipc::UniqueFd file, loop::EventLoop& loop);
  static absl::StatusOr<ipc::UniqueFd> OpenFile(const std::string& path);

  std::string path_;
  ipc::UniqueFd file_;
  std::string lines_;
  loop::Timer flush_timer_;
};

// The line of `record`, with its line end.
void AppendAccessLine(std::string& out, const AccessRecord& record);

}  // namespace muster::worker::http

#endif  // WORKER_HTTP_ACCESS_LOG_H_
