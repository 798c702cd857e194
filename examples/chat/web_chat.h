#ifndef MUSTER_EXAMPLES_CHAT_WEB_CHAT_H_
#define MUSTER_EXAMPLES_CHAT_WEB_CHAT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/websocket/websocket_handler.h"

namespace muster::examples {

// The chat for browsers: each text of a WebSocket is a line, as in chat.h. It needs the zone "chat"
// and the message muster.examples.chat.v1.Chat in the configuration.
absl::StatusOr<std::unique_ptr<worker::websocket::SocketProtocol>> MakeWebChat(
    worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CHAT_WEB_CHAT_H_
