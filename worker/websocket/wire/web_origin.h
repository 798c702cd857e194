#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_WEB_ORIGIN_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_WEB_ORIGIN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::websocket {

// Where a page comes from: the value of Origin (RFC 6454, 4 and 7). Two are the same if scheme,
// host and port are: without regard to case, with the port that a scheme has by default, and
// whatever way an IPv6 address is written.
struct WebOrigin {
  // None: `text` is not of the form scheme "://" host [ ":" port ], or the port is beyond 65535.
  // "null" is none.
  static std::optional<WebOrigin> Parse(absl::string_view text);

  // Whether `host`, the value of a Host field, names the same place, for one who comes by this
  // scheme.
  bool IsOf(absl::string_view host) const;

  bool operator==(const WebOrigin& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }

  std::string scheme;  // in lower case
  std::string host;    // in lower case; an IPv6 address in its shortest form, in brackets
  std::optional<std::uint16_t> port;  // none: the scheme has no default
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_WEB_ORIGIN_H_
