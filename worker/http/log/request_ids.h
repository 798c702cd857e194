#ifndef MUSTER_WORKER_HTTP_LOG_REQUEST_IDS_H_
#define MUSTER_WORKER_HTTP_LOG_REQUEST_IDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/message/request_head.h"

namespace muster::worker::http {

// What a request is called in the logs of all that take part in it: the client's X-Request-ID if
// that is well-formed, or else one that is made here. Belongs to one thread. Not for use across
// fork.
class RequestIds {
 public:
  // The longest that is taken.
  static constexpr std::size_t kMostBytes = 128;

  // Whether a client's can be taken: 1 to kMostBytes characters, all of them visible ASCII.
  static bool IsWellFormed(absl::string_view id);

  // The client's, if there is exactly one field and it is well-formed; or a new one.
  std::string IdOf(const RequestHead& head);
  // A new one: 128 random bits in hexadecimal.
  std::string Make();

 private:
  static constexpr std::size_t kBytes = 16;

  // Random bytes that are not used yet are those from next_ on.
  std::array<std::uint8_t, 64 * kBytes> random_ = {};
  std::size_t next_ = random_.size();
};

// Puts the field into the head of the response that begins at `start` of `out`, behind its status
// line. Fields of this name that are there, from a handler or the configuration, are taken out: a
// client is told the id that the log has.
void InsertRequestId(std::string& out, std::size_t start, absl::string_view id);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_LOG_REQUEST_IDS_H_
