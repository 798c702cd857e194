#ifndef MUSTER_WORKER_HTTP_MESSAGE_REQUEST_PARSER_H_
#define MUSTER_WORKER_HTTP_MESSAGE_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "llhttp.h"
#include "muster/worker/http/message/request_head.h"

namespace muster::worker::http {

// Reads the head of one HTTP/1 request after the other: llhttp finds the parts, and what it
// passes but RFC 9112 does not is refused here: a bare CR or LF, obsolete line folding,
// white space before a colon or around the target, several lengths, a length beside
// Transfer-Encoding, a coding other than chunked, no or several or malformed Host. A later minor
// version of HTTP/1 is read as 1.1 (RFC 9110, 2.5). The target is only found here: see
// RequestTarget.
//
// A copy goes on where the original stopped. Belongs to one thread.
class RequestParser {
 public:
  struct Limits {
    std::size_t max_request_line_bytes = 8192;
    std::size_t max_header_bytes = 32768;  // all fields of a request together
  };
  enum class Outcome { kIncomplete, kComplete, kRefused };

  // Begins with a new request.
  void Reset();

  // `bytes` begin with the request's first one; in the next call after kIncomplete they are
  // the same ones, possibly elsewhere, with more behind them, and only those are looked at. Empty
  // lines before it are refused: SkipEmptyLines removes them. Half of one is incomplete.
  Outcome Parse(absl::string_view bytes, const Limits& limits);
  // Whether Parse has seen anything since Reset.
  bool has_begun() const { return parsed_bytes_ > 0; }

  // After kComplete, until the bytes or the parser change. What follows the head is its body.
  RequestHead& head() { return head_; }
  const RequestHead& head() const { return head_; }
  std::size_t head_bytes() const { return parsed_bytes_; }

  // After kRefused: what to answer before closing.
  int status() const { return status_; }

 private:
  struct Callbacks;

  Outcome Refuse(int status);
  static int RefusalOf(llhttp_errno_t error, absl::string_view seen);
  bool IsWithinLimits(absl::string_view bytes, const Limits& limits);
  void FinishField();
  bool CheckLine();
  bool CheckFraming();
  bool CheckFields();

  llhttp_t llhttp_;
  RequestHead head_;
  // Of the field that is being read.
  RequestHead::Span name_;
  RequestHead::Span value_;
  std::size_t parsed_bytes_;
  std::size_t line_bytes_;  // with its line end, once that was seen
  int status_;              // not 0: refused
  bool is_name_complete_;
};

// Removes the empty lines that a client may send before a request.
void SkipEmptyLines(absl::string_view& bytes);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_REQUEST_PARSER_H_
