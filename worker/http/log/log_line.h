#ifndef MUSTER_WORKER_HTTP_LOG_LOG_LINE_H_
#define MUSTER_WORKER_HTTP_LOG_LOG_LINE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/proto/log_format.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/origin/peer_address.h"

namespace muster::worker::http {

// One answered request.
struct AccessRecord {
  const PeerAddress& peer;
  const DateCache& date;
  // Of a request that was refused: as much as is known.
  absl::string_view request_line;
  // Null: the request was refused.
  const RequestHead* head = nullptr;
  int status = 0;
  absl::string_view request_id = {};
  // Sent, or put together to be sent.
  std::uint64_t body_bytes = 0;
  std::uint64_t head_bytes = 0;
  // False: the client left, or was closed, before the end of the response.
  bool is_complete = true;
  std::uint64_t connection_requests = 0;
  // From the request's first byte to now.
  std::chrono::milliseconds request_time = {};
};

// Appends the line of `record`, with its line end. What a client sent cannot end a value, nor a
// line: quotes, backslashes, control characters and bytes beyond ASCII stand there as \xHH, or
// in JSON as \u00HH. A value that is not there is "-", or empty in JSON.
void AppendLogLine(std::string& out, const config::LogFormat& format, const AccessRecord& record);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_LOG_LOG_LINE_H_
