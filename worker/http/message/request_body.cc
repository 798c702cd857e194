#include "muster/worker/http/message/request_body.h"

#include <algorithm>

namespace muster::worker::http {

RequestBody::Outcome RequestBody::Read(absl::string_view& bytes, std::uint64_t max_bytes,
                                       std::string* content) {
  if (is_chunked_) {
    const ChunkedDecoder::Outcome outcome = chunks_.Read(bytes, max_bytes, content);
    if (outcome == ChunkedDecoder::Outcome::kMalformed) return Outcome::kMalformed;
    if (chunks_.body_bytes() > max_bytes) return Outcome::kTooLarge;
    return outcome == ChunkedDecoder::Outcome::kComplete ? Outcome::kComplete
                                                         : Outcome::kIncomplete;
  }
  if (left_bytes_ > max_bytes - std::min(read_bytes_, max_bytes)) return Outcome::kTooLarge;
  const std::uint64_t read = std::min<std::uint64_t>(left_bytes_, bytes.size());
  if (content != nullptr) content->append(bytes.data(), static_cast<std::size_t>(read));
  bytes.remove_prefix(static_cast<std::size_t>(read));
  left_bytes_ -= read;
  read_bytes_ += read;
  return left_bytes_ == 0 ? Outcome::kComplete : Outcome::kIncomplete;
}

}  // namespace muster::worker::http
