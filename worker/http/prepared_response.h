#ifndef WORKER_HTTP_PREPARED_RESPONSE_H_
#define WORKER_HTTP_PREPARED_RESPONSE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/http/date_cache.h"
#include "worker/http/response_head.h"

namespace muster::worker::http {

// A response that is always the same but for its Date, put together once: to send it is to copy
// it. Belongs to one thread.
class PreparedResponse {
 public:
  // `fields`: those that it has beside Server, Date and Connection, each with its line end.
  PreparedResponse(int status, absl::string_view fields, std::string body);

  int status() const { return status_; }
  std::size_t body_bytes() const { return body_.size(); }

  void AppendTo(std::string& out, Persistence persistence, const DateCache& date, bool has_body);

 private:
  struct Head {
    std::string bytes;
    std::uint64_t date_version = 0;
  };

  int status_;
  std::size_t date_offset_ = 0;  // the same in all heads
  std::array<Head, 3> heads_;    // by Persistence
  std::string body_;
};

}  // namespace muster::worker::http

#endif  // WORKER_HTTP_PREPARED_RESPONSE_H_
