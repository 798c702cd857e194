#ifndef MUSTER_WORKER_HTTP_PIECES_CHUNKED_RESPONSE_H_
#define MUSTER_WORKER_HTTP_PIECES_CHUNKED_RESPONSE_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/message/chunked_decoder.h"

namespace muster::worker::http {

// What a client reads of a response in chunks, as its bytes come.
class ChunkedResponse {
 public:
  // All bytes of the response until now.
  explicit ChunkedResponse(absl::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == absl::string_view::npos) return;
    head = std::string(bytes.substr(0, end + 2));
    absl::string_view rest = bytes.substr(end + 4);
    const absl::string_view framed = rest;
    ChunkedDecoder decoder;
    const ChunkedDecoder::Outcome outcome = decoder.Read(rest, 1'000'000'000, &body);
    is_complete = outcome == ChunkedDecoder::Outcome::kComplete;
    is_malformed = outcome == ChunkedDecoder::Outcome::kMalformed;
    framed_bytes = framed.size() - rest.size();
    behind = std::string(rest);
  }

  std::string head;
  std::string body;
  std::size_t framed_bytes = 0;  // of the body
  std::string behind;            // of another response
  bool is_complete = false;
  bool is_malformed = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_CHUNKED_RESPONSE_H_
