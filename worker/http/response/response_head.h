#ifndef MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_HEAD_H_
#define MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_HEAD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// What becomes of the connection after a response, and what is said of it.
class Persistence {
 public:
  enum Kind : std::uint8_t {
    kKeepAlive,          // as is usual: nothing has to be said
    kExplicitKeepAlive,  // for a client of HTTP/1.0: "Connection: keep-alive"
    kClose,              // "Connection: close"
  };

  // `announced`: how long the connection is kept without a request, as the client is told by
  // "Keep-Alive: timeout=", beside "Connection: keep-alive", which has to name that field (RFC
  // 9110, 7.6.1). 0: nothing is said of it. It has no meaning for kClose.
  constexpr Persistence(Kind kind,  // NOLINT(google-explicit-constructor)
                        std::chrono::duration<std::uint32_t> announced = {})
      : kind_(kind), announced_(announced) {}

  constexpr operator Kind() const { return kind_; }  // NOLINT(google-explicit-constructor)
  constexpr std::chrono::duration<std::uint32_t> announced() const { return announced_; }

 private:
  Kind kind_;
  std::chrono::duration<std::uint32_t> announced_;
};

// Appends the head of a response to `out`, which outlives it: the status line with Server, Date
// and Connection, then the fields in the order of the calls, then the empty line.
class ResponseHead {
 public:
  ResponseHead(std::string& out, int status, Persistence persistence, absl::string_view http_date);

  // `value` has no control characters.
  ResponseHead& Field(absl::string_view name, absl::string_view value);
  ResponseHead& Field(absl::string_view name, std::uint64_t value);
  void End();

 private:
  std::string& out_;
};

// The short page that says what went wrong, in HTML.
std::string ErrorPage(int status);
inline constexpr absl::string_view kErrorPageType = "text/html; charset=utf-8";

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_HEAD_H_
