#ifndef MUSTER_WORKER_HTTP_RESPONSE_PREPARED_RESPONSE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_PREPARED_RESPONSE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/http/response/response_head.h"

namespace muster::worker::http {

// A response that is always the same but for its Date, put together once: to send it is to copy
// it. Its head exists in as many kinds as were asked for. Belongs to one thread.
class PreparedResponse {
 public:
  // `fields`: those that it has beside Server, Date and Connection, each with its line end.
  PreparedResponse(int status, std::string fields, std::string body);

  int status() const { return status_; }
  const std::string& fields() const { return fields_; }
  const std::string& body() const { return body_; }

  // What a persistence announces is the same in all calls.
  void AppendTo(std::string& out, Persistence persistence, const DateCache& date, bool has_body);

 private:
  struct Head {
    std::string bytes;
    std::uint64_t date_version = 0;
  };

  void Make(Head& head, Persistence persistence);

  int status_;
  std::string fields_;
  std::size_t date_offset_ = 0;  // the same in all heads
  std::array<Head, 3> heads_;    // by Persistence; empty until they are needed
  std::string body_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_PREPARED_RESPONSE_H_
