#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_CLIENT_FRAMES_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_CLIENT_FRAMES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/frame_header.h"

// The client's side of the protocol, for tests: it also writes what no client may.
namespace muster::worker::websocket {

struct ClientFrame {
  int opcode = static_cast<int>(Opcode::kText);
  std::string payload = {};
  bool is_final = true;
  int rsv = 0;  // 4: RSV1, 2: RSV2, 1: RSV3
  bool is_masked = true;
  int length_bytes = -1;  // 0, 2 or 8; -1: as few as possible
  std::uint32_t mask = 0x37FA213D;
};
std::string Encode(const ClientFrame& frame);

std::string Text(absl::string_view payload, bool is_final = true);
std::string Binary(absl::string_view payload, bool is_final = true);
std::string Continuation(absl::string_view payload, bool is_final = true);
std::string Ping(absl::string_view payload = "");
std::string Pong(absl::string_view payload = "");
std::string Close(std::uint16_t code, absl::string_view reason = "");

// A frame of a server.
struct ServerFrame {
  Opcode opcode;
  bool is_final;
  bool is_compressed;
  std::string payload;
};
// Takes the next frame from the front of `bytes`. None: it has not come whole. It fails the process
// if it is masked, or its length is not minimal.
std::optional<ServerFrame> TakeServerFrame(absl::string_view& bytes);
// For comparisons: "text Hello", "binary x", "ping x", "pong x", "close 1002" and "close". `*`
// behind the word: it is compressed.
std::string Describe(const ServerFrame& frame);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_CLIENT_FRAMES_H_
