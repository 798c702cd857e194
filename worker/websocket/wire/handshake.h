#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_HANDSHAKE_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_HANDSHAKE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/message/header_fields.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// Whom a server takes, and what it speaks.
struct HandshakeRules {
  // Subprotocols that it speaks. The client's first one that is among them is agreed on; if none
  // is, the WebSocket has none.
  std::vector<std::string> protocols = {};
  // Whose pages may connect: "https://example.org", "http://localhost:8080", "null"; "*": all. If
  // there are none: pages of the host that the request names in Host. A request without Origin is
  // no browser's, and is not refused for that. They are compared as WebOrigin is: "http://a:80" is
  // "http://a".
  std::vector<std::string> origins = {};
  bool has_deflate = true;
};

// InvalidArgument: one of the origins or protocols could never be met.
absl::Status CheckRules(const HandshakeRules& rules);

// What a server looks at.
struct HandshakeRequest {
  absl::string_view method;
  bool is_http_1_0 = false;
  http::HeaderFields headers = {};
  bool has_body = false;
};

// What a server answers (RFC 6455, 4.2).
struct Handshake {
  // 101: it is agreed. Otherwise the request is answered with this status.
  int status = 101;
  std::string error;                                        // why it is not, for the client to read
  std::vector<std::pair<std::string, std::string>> fields;  // of the response
  std::string protocol;                                     // empty: none was agreed on
  DeflateTerms deflate;
};

// Decides. Of the response it has the fields whose names begin with Sec-WebSocket; those of
// `Upgrade` and `Connection` are left to whoever sends it.
Handshake Shake(const HandshakeRequest& request, const HandshakeRules& rules);

// The value of Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key.
std::string AcceptOf(absl::string_view key);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_HANDSHAKE_H_
