#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_WEBSOCKET_REFERENCE_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_WEBSOCKET_REFERENCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/extension_offer.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// What the parsers of this folder have to accept, written a second time for tests: as the rules of
// RFC 6455, with regular expressions where it has a grammar, and with no thought of speed. They
// take stack in proportion to the text: use them for some KiB.

// 4.1: 16 bytes in base64.
bool IsKeyByTheRules(const std::string& text);

// 11.3.4: the tokens of one field, in their order. None: it is no list of tokens, or has none.
std::optional<std::vector<std::string>> ReadProtocolsByTheRules(const std::string& field);

// 9.1: the offers of one field, in their order. None: it does not conform to the grammar.
std::optional<std::vector<ExtensionOffer>> ReadExtensionsByTheRules(const std::string& field);

// 5 to 8: what a server without compression finds in all that a client has sent, in the order in
// which that is: "text x", "binary x", "ping x", "pong x", "closed 1000 x"; "failed 1002". The last
// two are the end.
std::vector<std::string> ReadFramesByTheRules(const std::string& bytes,
                                              std::uint64_t max_frame_bytes,
                                              std::uint64_t max_message_bytes);

// What `end` finds in the same bytes, in pieces of `piece`, which is not 0.
std::vector<std::string> EventsOf(ServerEnd& end, absl::string_view bytes, std::size_t piece);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_WEBSOCKET_REFERENCE_H_
