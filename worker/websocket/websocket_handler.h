#ifndef MUSTER_WORKER_WEBSOCKET_WEBSOCKET_HANDLER_H_
#define MUSTER_WORKER_WEBSOCKET_WEBSOCKET_HANDLER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/loop/clock.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/websocket/socket_session.h"  // IWYU pragma: export
#include "muster/worker/websocket/wire/handshake.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// How the WebSockets of one handler are served. docs/WEBSOCKET.md. What cannot be met refuses the
// start, with the reason: bounds, times, and origins that are none.
struct SocketOptions {
  HandshakeRules rules = {};
  // A message that is half received moves with its client, so max_message_bytes and 64 KiB more
  // must fit `stream.max_session_bytes` of the configuration.
  MessageBounds bounds = {.max_frame_bytes = 256 << 10, .max_message_bytes = 256 << 10};
  // zlib's, 1 to 9. Shorter messages than that are sent as they are.
  int deflate_level = 1;
  std::size_t least_compressed_bytes = 128;
  // A client from which nothing has come for that long is pinged; 0: never. If nothing comes for
  // pong_timeout after that, it is closed. Each is 24 hours at most. Only the time in which the
  // client is read counts. (How long a frame may take is `stream.read_timeout`.)
  loop::Clock::duration ping_interval = std::chrono::seconds(30);
  loop::Clock::duration pong_timeout = std::chrono::seconds(30);
};

// Makes what the sessions share. An error refuses the reload, and is the reason that the operator
// reads.
using SocketProtocolFactory =
    std::function<absl::StatusOr<std::unique_ptr<SocketProtocol>>(Context&)>;

// A handler that answers each request by an upgrade to a WebSocket, or refuses it. Its clients stay
// connected over reloads: the handler with the same name in the next generation resumes them.
http::HandlerFactory ServeWebSockets(SocketProtocolFactory make, SocketOptions options = {});

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WEBSOCKET_HANDLER_H_
