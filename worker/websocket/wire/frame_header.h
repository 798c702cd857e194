#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_HEADER_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/frame_mask.h"

namespace muster::worker::websocket {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// Close, ping and pong may come between the fragments of a message, and are whole themselves.
constexpr bool IsControl(Opcode opcode) { return (static_cast<std::uint8_t>(opcode) & 8) != 0; }
constexpr std::size_t kMostControlBytes = 125;

// What stands before the payload of a client's frame (RFC 6455, 5.2).
struct FrameHeader {
  Opcode opcode = Opcode::kContinuation;
  bool is_final = false;
  bool is_compressed = false;  // RSV1, which begins a message of permessage-deflate
  std::uint64_t payload_bytes = 0;
  FrameMask mask;
};

// Reads the header of a client's frame, which comes in pieces of any size. It refuses at the first
// byte that is wrong.
class FrameHeaderParser {
 public:
  // Of an incomplete header there are fewer bytes.
  static constexpr std::size_t kMostBytes = 14;

  // `is_deflate_agreed`: RSV1 may be set, on the first frame of a message.
  explicit FrameHeaderParser(bool is_deflate_agreed) : is_deflate_agreed_(is_deflate_agreed) {}

  enum class Outcome {
    kIncomplete,  // it has taken all of `input`
    kHeader,      // header(); `input` begins with the payload
    kRefused,     // error(); nothing is to be read after it
  };
  // Takes the bytes of the header from the front of `input`. After kHeader the next one begins.
  Outcome Parse(absl::string_view& input);

  const FrameHeader& header() const { return header_; }
  // What is wrong, in a few words.
  absl::string_view error() const { return error_; }

  // What was taken of a header that is incomplete.
  absl::string_view bytes() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()), count_);
  }

 private:
  // Most headers: here whole, of a short frame, and nothing is wrong. False: nothing was taken.
  bool TakeShort(absl::string_view& input);
  // Of the first two bytes. False: refused.
  bool CheckFirst(std::uint8_t byte);
  bool CheckSecond(std::uint8_t byte);
  // The length has come. False: refused.
  bool ReadLength();
  bool Refuse(absl::string_view error) {
    error_ = error;
    return false;
  }

  bool is_deflate_agreed_;
  std::uint8_t count_ = 0;
  std::uint8_t needed_ = 2;
  std::array<std::uint8_t, kMostBytes> bytes_ = {};
  FrameHeader header_;
  absl::string_view error_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_HEADER_H_
