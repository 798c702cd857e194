#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_SERVER_END_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_SERVER_END_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/close_code.h"
#include "muster/worker/websocket/wire/frame_header.h"
#include "muster/worker/websocket/wire/message_deflate.h"
#include "muster/worker/websocket/wire/utf8_check.h"

namespace muster::worker::websocket {

// What a client may send at most. More fails the connection with kMessageTooBig, as soon as the
// length is known.
struct MessageBounds {
  std::uint64_t max_frame_bytes = 1 << 20;
  std::uint64_t max_message_bytes = 1 << 20;  // all fragments; also after decompression
};

// How permessage-deflate was agreed on in the handshake.
struct DeflateTerms {
  int window_bits = 0;  // of the server's window, 8 to 15. 0: there is no compression
};

// The server's end of one WebSocket after its handshake (RFC 6455, 5 to 8; RFC 7692), without
// socket and clock: bytes of the client in, events and bytes for the client out. It answers pings
// and closes by itself. Its whole state can be suspended between any two bytes.
//
// Whatever is wrong fails the connection: a Close with the reason is written, and it is over.
class ServerEnd {
 public:
  // What both ends need of their service. It outlives them.
  struct Share {
    MessageBounds bounds;
    MessageDeflate* deflate = nullptr;  // null: no connection has compression
    // Shorter messages are not compressed.
    std::size_t least_compressed_bytes = 128;
  };

  // Without compression if `terms` or `share` have none.
  explicit ServerEnd(const Share& share, DeflateTerms terms = {});

  enum class Event {
    kNone,    // all input was taken
    kText,    // a whole message: payload(), which is UTF-8
    kBinary,  // a whole message: payload()
    kPing,    // payload(); its pong is written
    kPong,    // payload()
    kClosed,  // the client's Close, which is answered: close_code(), and payload() is its reason
    kFailed,  // the client broke the protocol or a bound: close_code(), and payload() says how
  };
  // Takes bytes from the front of `input` until something has happened. Appends to `out` what the
  // client is to be sent. After kClosed and kFailed it is over. payload() is valid until the next
  // call of Next.
  Event Next(absl::string_view& input, std::string& out);
  absl::string_view payload() const { return payload_; }
  std::uint16_t close_code() const { return close_code_; }

  // Append a message to `out`. They append nothing once a Close was written. InvalidArgument: the
  // text is not UTF-8, or the payload of the ping or pong has more than 125 bytes.
  absl::Status SendText(absl::string_view text, std::string& out);
  void SendBinary(absl::string_view bytes, std::string& out);
  absl::Status SendPing(absl::string_view payload, std::string& out);
  absl::Status SendPong(absl::string_view payload, std::string& out);
  // Begins the closing handshake, unless it has begun: what the client sends from here on is
  // dropped, until its Close, but for its pings, which are answered (RFC 6455, 5.5.2). `reason` is
  // cut to kMostReasonBytes. InvalidArgument: `code` is not IsSendable, or the reason is not UTF-8.
  absl::Status Close(std::uint16_t code, absl::string_view reason, std::string& out);

  // A Close was written, by whichever side it came.
  bool is_closing() const { return phase_ != Phase::kOpen; }
  // Both sides have closed, or it failed: end the connection once all is sent.
  bool is_over() const { return phase_ == Phase::kOver; }

  // Some bytes of a frame or of a message have come, and not all.
  bool is_within_message() const;
  // The same of a frame only.
  bool is_within_frame() const { return is_in_frame_ || !parser_.bytes().empty(); }
  // How many frames have ended, of any kind, since this was made or resumed.
  std::uint64_t ended_frames() const { return ended_frames_; }
  // Of the payload of a frame within which it is, what has come since this was made or resumed.
  std::uint64_t received_frame_bytes() const { return is_in_frame_ ? received_frame_bytes_ : 0; }

  // What is here of a message that has not come whole, as it came.
  std::size_t message_bytes() const { return message_.size(); }

  // The bytes from which Resume goes on, also in another process. Not if it is_over().
  std::string Suspend() const;
  // `state` may come from a broken peer, or from another version of the program: InvalidArgument
  // if it is not what Suspend returns, or has compression where `share` has none. If the bounds are
  // less than they were, a message beyond them fails the connection when more of it comes.
  static absl::StatusOr<ServerEnd> Resume(const Share& share, absl::string_view state);

 private:
  enum class Phase : std::uint8_t {
    kOpen,
    kCloseSent,  // by this side; the client's Close is awaited
    kOver,
  };

  bool has_deflate() const { return deflate_bits_ != 0; }
  Event BeginFrame(std::string& out);
  Event ReadPayload(absl::string_view& input, std::string& out);
  Event EndFrame(std::string& out);
  Event EndMessage(std::string& out);
  Event EndClose(std::string& out);
  Event Fail(std::uint16_t code, absl::string_view reason, std::string& out);
  void SendMessage(Opcode opcode, absl::string_view payload, std::string& out);
  absl::Status SendControl(Opcode opcode, absl::string_view payload, std::string& out);
  // The most bytes that the fragments of the current message may have together.
  std::uint64_t MostFragmentBytes() const;
  void DropMessage();

  const Share* share_;
  std::uint8_t deflate_bits_;
  Phase phase_ = Phase::kOpen;
  bool is_in_frame_ = false;
  // Of a message whose last frame has not ended. kContinuation: there is none.
  Opcode message_type_ = Opcode::kContinuation;
  bool is_message_compressed_ = false;
  std::uint16_t close_code_ = 0;
  FrameHeaderParser parser_;
  FrameHeader frame_;       // while is_in_frame_
  std::uint64_t rest_ = 0;  // of its payload
  std::uint64_t received_frame_bytes_ = 0;
  std::uint64_t ended_frames_ = 0;
  Utf8Check utf8_;       // of a text that is not compressed
  std::string message_;  // its fragments so far; afterwards what payload_ is
  std::string control_;  // the payload of a control frame
  std::string scratch_;
  absl::string_view payload_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_SERVER_END_H_
