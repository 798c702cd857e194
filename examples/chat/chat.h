#ifndef MUSTER_EXAMPLES_CHAT_CHAT_H_
#define MUSTER_EXAMPLES_CHAT_CHAT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {

// A chat of lines. A client is in one room, "lobby" at first, and is sent every line that is said
// there, its own included, as "NICK: LINE". "/nick NAME", "/join ROOM" and "/quit" are commands;
// what the chat itself says begins with "* ".
absl::StatusOr<std::unique_ptr<worker::Service>> MakeChat(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CHAT_CHAT_H_
