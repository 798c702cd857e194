#ifndef MUSTER_WORKER_HTTP_MESSAGE_REQUEST_TARGET_H_
#define MUSTER_WORKER_HTTP_MESSAGE_REQUEST_TARGET_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// The target of a request, taken apart: "/a%20b/../c?q=1" has the path "/c" and the query
// "?q=1". One object serves many requests in turn; what it returns holds until the next
// Parse, and as long as the target's own bytes.
class RequestTarget {
 public:
  enum class Bytes : bool { kAscii, kAny };

  // kAny: a target may have bytes beyond ASCII, which no URI has.
  explicit RequestTarget(Bytes bytes = Bytes::kAscii) : admits_any_(bytes == Bytes::kAny) {}

  // Accepts "/path?query", "http://host/path?query" and "*". Percent-encodings are decoded
  // (%2F becomes a slash like any other), then "." and ".." are resolved and slashes in a row
  // made one. False: anything else, a malformed or a NUL encoding, a host that is none
  // (authority.h), and ".." above the root. Of ASCII all but white space, control characters and
  // "#" is accepted: browsers send much that a URI has only encoded, "|" for example.
  bool Parse(absl::string_view target);

  // Begins with a slash, but "*" for the target "*". Any bytes but NUL.
  absl::string_view path() const { return path_; }
  // As it was sent, with its question mark; empty if there is none.
  absl::string_view query() const { return query_; }

 private:
  bool Normalize(absl::string_view encoded);

  bool admits_any_;
  absl::string_view path_;
  absl::string_view query_;
  std::string buffer_;  // of path_, unless that stands in the target
};

// `path` with percent-encodings for all but the characters that a path has unencoded, so
// that it can stand in a Location field.
std::string EncodePath(absl::string_view path);

// `query`, which begins with its question mark or is empty, so that it can stand there, too: what a
// query does not have unencoded gets percent-encodings, and so does a "%" that begins none. What is
// encoded already stays.
std::string EncodeQuery(absl::string_view query);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_REQUEST_TARGET_H_
