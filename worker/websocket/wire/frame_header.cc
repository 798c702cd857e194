#include "muster/worker/websocket/wire/frame_header.h"

#include <algorithm>
#include <cstring>

namespace muster::worker::websocket {
namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kOtherRsv = 0x30;
constexpr std::uint8_t kOpcode = 0x0F;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7F;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kKeyBytes = 4;
constexpr std::size_t kShortBytes = 2 + kKeyBytes;

bool IsKnown(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

bool FrameHeaderParser::TakeShort(absl::string_view& input) {
  if (count_ > 0 || input.size() < kShortBytes) return false;
  const auto second = static_cast<std::uint8_t>(input[1]);
  const bool is_short = CheckFirst(static_cast<std::uint8_t>(input[0])) && CheckSecond(second) &&
                        needed_ == kShortBytes;
  needed_ = 2;
  if (!is_short) return false;
  header_.payload_bytes = second & kLength;
  std::array<std::uint8_t, kKeyBytes> key;
  std::memcpy(key.data(), input.data() + 2, kKeyBytes);
  header_.mask = FrameMask(key);
  input.remove_prefix(kShortBytes);
  return true;
}

FrameHeaderParser::Outcome FrameHeaderParser::Parse(absl::string_view& input) {
  if (TakeShort(input)) return Outcome::kHeader;
  while (count_ < needed_) {
    if (input.empty()) return Outcome::kIncomplete;
    const auto byte = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    bytes_[count_++] = byte;
    if (count_ == 1 && !CheckFirst(byte)) return Outcome::kRefused;
    if (count_ == 2 && !CheckSecond(byte)) return Outcome::kRefused;
    if (count_ + kKeyBytes == needed_ && !ReadLength()) return Outcome::kRefused;
  }
  std::array<std::uint8_t, kKeyBytes> key;
  std::copy_n(bytes_.begin() + count_ - kKeyBytes, kKeyBytes, key.begin());
  header_.mask = FrameMask(key);
  count_ = 0;
  needed_ = 2;
  return Outcome::kHeader;
}

bool FrameHeaderParser::CheckFirst(std::uint8_t byte) {
  const auto opcode = static_cast<std::uint8_t>(byte & kOpcode);
  if ((byte & kOtherRsv) != 0) return Refuse("reserved bits are set");
  if (!IsKnown(opcode)) return Refuse("a reserved opcode");
  header_.opcode = static_cast<Opcode>(opcode);
  header_.is_final = (byte & kFinal) != 0;
  header_.is_compressed = (byte & kRsv1) != 0;
  const bool may_be_compressed =
      is_deflate_agreed_ && (header_.opcode == Opcode::kText || header_.opcode == Opcode::kBinary);
  if (header_.is_compressed && !may_be_compressed) return Refuse("reserved bits are set");
  if (IsControl(header_.opcode) && !header_.is_final) return Refuse("a fragmented control frame");
  return true;
}

bool FrameHeaderParser::CheckSecond(std::uint8_t byte) {
  if ((byte & kMasked) == 0) return Refuse("a frame without a mask");
  const auto length = static_cast<std::uint8_t>(byte & kLength);
  if (IsControl(header_.opcode) && length > kMostControlBytes) {
    return Refuse("a control frame of more than 125 bytes");
  }
  const std::size_t length_bytes = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  needed_ = static_cast<std::uint8_t>(2 + length_bytes + kKeyBytes);
  return true;
}

bool FrameHeaderParser::ReadLength() {
  const std::size_t length_bytes = count_ - 2u;
  if (length_bytes == 0) {
    header_.payload_bytes = bytes_[1] & kLength;
    return true;
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = (length << 8) | bytes_[2 + i];
  if (length >> 63 != 0) return Refuse("a length with its highest bit set");
  if (length <= (length_bytes == 2 ? 125u : 65535u)) return Refuse("a length that is not minimal");
  header_.payload_bytes = length;
  return true;
}

}  // namespace muster::worker::websocket
