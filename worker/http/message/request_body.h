#ifndef MUSTER_WORKER_HTTP_MESSAGE_REQUEST_BODY_H_
#define MUSTER_WORKER_HTTP_MESSAGE_REQUEST_BODY_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/message/chunked_decoder.h"
#include "muster/worker/http/message/request_head.h"

namespace muster::worker::http {

// What becomes of the body of a request.
enum class BodyUse : std::uint8_t {
  kDropped,   // nobody reads it
  kWhole,     // it is gathered, and used when it is complete
  kInPieces,  // it is used as it comes
};

// What is done with the body of a request, and how long it may be.
struct BodyRule {
  BodyUse use = BodyUse::kDropped;
  std::uint64_t max_bytes = 0;
};

// Reads the body of one request. Belongs to one thread.
class RequestBody {
 public:
  enum class Outcome { kIncomplete, kComplete, kMalformed, kTooLarge };

  RequestBody() = default;
  explicit RequestBody(const RequestHead& head)
      : left_bytes_(head.content_length()), is_chunked_(head.is_chunked()) {}

  // Removes from the front of `bytes` what belongs to the body. kTooLarge as soon as it is known
  // that the whole has more than `max_bytes`. What the body says is appended to `content`, unless
  // that is null.
  Outcome Read(absl::string_view& bytes, std::uint64_t max_bytes, std::string* content);
  Outcome Skip(absl::string_view& bytes, std::uint64_t max_bytes) {
    return Read(bytes, max_bytes, nullptr);
  }

  // Of what it says, what has come until now. Without what frames it, which may be any amount.
  std::uint64_t received_bytes() const { return read_bytes_ + chunks_.received_bytes(); }

 private:
  std::uint64_t left_bytes_ = 0;
  std::uint64_t read_bytes_ = 0;
  ChunkedDecoder chunks_;
  bool is_chunked_ = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_REQUEST_BODY_H_
