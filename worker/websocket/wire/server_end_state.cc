// How a ServerEnd travels. All numbers are big-endian:
//
//   1 byte    1, the version
//   1 byte    bits of the server's window; 0: no compression
//   1 byte    1: a Close was sent, and the client's is awaited
//   1 byte    opcode of the message that has begun, 0 without one; and 16 if it is compressed
//   1 byte    how many bytes of a frame's header have come, at most 13; then these
//   1 byte    1: within a frame's payload; then
//     1 byte    its opcode; and 128 if it is final
//     8 bytes   how much of its payload is to come, at least 1
//     4 bytes   the masking key for that
//     1 byte    of a control frame: how many bytes of its payload have come; then these
//   the rest  what has come of the message, without masks; nothing once a Close was sent
//
// How far the UTF-8 of a text was checked is not in it: it is checked again.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kCompressed = 16;
constexpr std::uint8_t kFinal = 128;

void AppendByte(std::string& out, std::size_t byte) { out.push_back(static_cast<char>(byte)); }

// Takes values from the front of a state. After the end they are 0, and it is not complete.
class StateReader {
 public:
  explicit StateReader(absl::string_view state) : rest_(state) {}

  std::uint8_t Byte() {
    const absl::string_view byte = Bytes(1);
    return byte.empty() ? 0 : static_cast<std::uint8_t>(byte.front());
  }
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return number;
  }
  absl::string_view Bytes(std::size_t size) {
    if (size > rest_.size()) {
      is_complete_ = false;
      rest_ = {};
      return {};
    }
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  absl::string_view rest() const { return rest_; }
  bool is_complete() const { return is_complete_; }

 private:
  absl::string_view rest_;
  bool is_complete_ = true;
};

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("its state is no WebSocket's: ", what));
}

}  // namespace

std::string ServerEnd::Suspend() const {
  std::string state;
  AppendByte(state, kVersion);
  AppendByte(state, deflate_bits_);
  AppendByte(state, phase_ == Phase::kCloseSent ? 1 : 0);
  const bool is_in_message = message_type_ != Opcode::kContinuation;
  AppendByte(state, static_cast<std::size_t>(message_type_) +
                        (is_in_message && is_message_compressed_ ? kCompressed : 0u));
  const absl::string_view header = parser_.bytes();
  AppendByte(state, header.size());
  state.append(header.data(), header.size());
  AppendByte(state, is_in_frame_ ? 1 : 0);
  if (is_in_frame_) {
    AppendByte(state, static_cast<std::size_t>(frame_.opcode) + (frame_.is_final ? kFinal : 0u));
    for (int shift = 56; shift >= 0; shift -= 8) AppendByte(state, rest_ >> shift & 0xFF);
    for (const std::uint8_t byte : frame_.mask.key()) AppendByte(state, byte);
    if (IsControl(frame_.opcode)) {
      AppendByte(state, control_.size());
      state.append(control_);
    }
  }
  if (is_in_message) state.append(message_);
  return state;
}

absl::StatusOr<ServerEnd> ServerEnd::Resume(const Share& share, absl::string_view state) {
  StateReader reader(state);
  if (const std::uint8_t version = reader.Byte(); version != kVersion) {
    return Malformed(absl::StrCat("version ", version, ", expected ", kVersion));
  }
  const std::uint8_t deflate_bits = reader.Byte();
  if (deflate_bits != 0 && (deflate_bits < 8 || deflate_bits > 15)) {
    return Malformed(absl::StrCat("a window of ", deflate_bits, " bits"));
  }
  if (deflate_bits != 0 && share.deflate == nullptr) {
    return absl::InvalidArgumentError("its state has compression, which is not offered here");
  }
  ServerEnd end(share, {.window_bits = deflate_bits});

  const std::uint8_t phase = reader.Byte();
  if (phase > 1) return Malformed(absl::StrCat("phase ", phase));
  end.phase_ = phase == 1 ? Phase::kCloseSent : Phase::kOpen;

  const std::uint8_t message = reader.Byte();
  const auto type = static_cast<Opcode>(message & ~kCompressed);
  end.is_message_compressed_ = (message & kCompressed) != 0;
  const bool is_in_message = type == Opcode::kText || type == Opcode::kBinary;
  if (!is_in_message && type != Opcode::kContinuation) return Malformed("a message of no type");
  if (end.is_message_compressed_ && (!is_in_message || deflate_bits == 0)) {
    return Malformed("a compressed message where there is none");
  }
  end.message_type_ = type;

  absl::string_view header = reader.Bytes(reader.Byte());
  const bool has_header = !header.empty();
  if (end.parser_.Parse(header) != FrameHeaderParser::Outcome::kIncomplete) {
    return Malformed("the beginning of a frame that is none");
  }

  const std::uint8_t is_in_frame = reader.Byte();
  if (is_in_frame > 1 || (is_in_frame == 1 && has_header)) {
    return Malformed("within a frame and before it");
  }
  if (is_in_frame == 1) {
    end.is_in_frame_ = true;
    const std::uint8_t frame = reader.Byte();
    FrameHeader& saved = end.frame_;
    saved.is_final = (frame & kFinal) != 0;
    saved.opcode = static_cast<Opcode>(frame & ~kFinal);
    const bool is_of_message =
        is_in_message && (saved.opcode == Opcode::kContinuation || saved.opcode == type);
    const bool is_control = saved.opcode == Opcode::kClose || saved.opcode == Opcode::kPing ||
                            saved.opcode == Opcode::kPong;
    if (!is_of_message && !(is_control && saved.is_final)) return Malformed("a frame of no type");
    end.rest_ = reader.Number();
    if (end.rest_ == 0 || end.rest_ >> 63 != 0) return Malformed("the length of a frame");
    std::array<std::uint8_t, 4> key;
    for (std::uint8_t& byte : key) byte = reader.Byte();
    saved.mask = FrameMask(key);
    if (is_control) {
      end.control_ = std::string(reader.Bytes(reader.Byte()));
      if (end.control_.size() > kMostControlBytes ||
          end.rest_ > kMostControlBytes - end.control_.size()) {
        return Malformed("a control frame of more than 125 bytes");
      }
    }
  }
  if (!reader.is_complete()) return Malformed("it is cut off");
  end.message_ = std::string(reader.rest());
  if (!end.message_.empty() && (!is_in_message || phase == 1)) {
    return Malformed("a message where there is none");
  }
  if (type == Opcode::kText && !end.is_message_compressed_ && !end.utf8_.Accept(end.message_)) {
    return Malformed("a text that is not UTF-8");
  }
  return end;
}

}  // namespace muster::worker::websocket
