#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_WRITER_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/frame_header.h"

namespace muster::worker::websocket {

// Appends what stands before a payload of `payload_bytes` in a server's frame, which is the whole
// message and has no mask. `is_compressed`: RSV1.
void AppendFrameHeader(std::string& out, Opcode opcode, std::uint64_t payload_bytes,
                       bool is_compressed = false);
// Appends the frame.
void AppendFrame(std::string& out, Opcode opcode, absl::string_view payload,
                 bool is_compressed = false);

// The most bytes of a reason, beside the code.
inline constexpr std::size_t kMostReasonBytes = kMostControlBytes - 2;
// Appends a Close. `code`: one that IsSendable, or kNoStatusReceived for a Close without a code.
// `reason` is UTF-8, and is cut after a whole character if it is too long.
void AppendClose(std::string& out, std::uint16_t code, absl::string_view reason);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_WRITER_H_
