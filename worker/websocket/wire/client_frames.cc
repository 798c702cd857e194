#include "muster/worker/websocket/wire/client_frames.h"

#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"

namespace muster::worker::websocket {
namespace {

void AppendNumber(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(number >> (8 * i)));
}

std::string EncodeData(Opcode opcode, absl::string_view payload, bool is_final) {
  return Encode(
      {.opcode = static_cast<int>(opcode), .payload = std::string(payload), .is_final = is_final});
}

absl::string_view NameOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::kContinuation:
      return "continuation";
    case Opcode::kText:
      return "text";
    case Opcode::kBinary:
      return "binary";
    case Opcode::kClose:
      return "close";
    case Opcode::kPing:
      return "ping";
    case Opcode::kPong:
      return "pong";
  }
  return "?";
}

}  // namespace

std::string Encode(const ClientFrame& frame) {
  std::string out;
  out.push_back(static_cast<char>((frame.is_final ? 0x80 : 0) | (frame.rsv << 4) | frame.opcode));
  const std::size_t size = frame.payload.size();
  const int length_bytes = frame.length_bytes >= 0 ? frame.length_bytes
                           : size <= 125           ? 0
                           : size <= 65535         ? 2
                                                   : 8;
  const int mask_bit = frame.is_masked ? 0x80 : 0;
  out.push_back(static_cast<char>(mask_bit | (length_bytes == 0   ? static_cast<int>(size)
                                              : length_bytes == 2 ? 126
                                                                  : 127)));
  AppendNumber(out, size, length_bytes);
  if (!frame.is_masked) return out + frame.payload;
  AppendNumber(out, frame.mask, 4);
  std::array<std::uint8_t, 4> key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(frame.mask >> (24 - 8 * i));
  }
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<char>(frame.payload[i] ^ key[i % key.size()]));
  }
  return out;
}

std::string Text(absl::string_view payload, bool is_final) {
  return EncodeData(Opcode::kText, payload, is_final);
}

std::string Binary(absl::string_view payload, bool is_final) {
  return EncodeData(Opcode::kBinary, payload, is_final);
}

std::string Continuation(absl::string_view payload, bool is_final) {
  return EncodeData(Opcode::kContinuation, payload, is_final);
}

std::string Ping(absl::string_view payload) { return EncodeData(Opcode::kPing, payload, true); }

std::string Pong(absl::string_view payload) { return EncodeData(Opcode::kPong, payload, true); }

std::string Close(std::uint16_t code, absl::string_view reason) {
  std::string payload;
  AppendNumber(payload, code, 2);
  payload.append(reason.data(), reason.size());
  return EncodeData(Opcode::kClose, payload, true);
}

std::optional<ServerFrame> TakeServerFrame(absl::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto byte = [&bytes](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  MUSTER_CHECK((byte(1) & 0x80) == 0, "a server does not mask");
  std::uint64_t size = byte(1);
  std::size_t header = 2;
  if (size >= 126) {
    header = size == 126 ? 4 : 10;
    const std::uint64_t least = size == 126 ? 126 : 65536;
    if (bytes.size() < header) return std::nullopt;
    size = 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
    MUSTER_CHECK(size >= least, "a length is minimal");
  }
  if (bytes.size() - header < size) return std::nullopt;
  ServerFrame frame{.opcode = static_cast<Opcode>(byte(0) & 0x0F),
                    .is_final = (byte(0) & 0x80) != 0,
                    .is_compressed = (byte(0) & 0x40) != 0,
                    .payload = std::string(bytes.substr(header, size))};
  bytes.remove_prefix(header + size);
  return frame;
}

std::string Describe(const ServerFrame& frame) {
  std::string text(NameOf(frame.opcode));
  if (frame.is_compressed) text.push_back('*');
  if (frame.opcode == Opcode::kClose) {
    if (frame.payload.size() < 2) return text;
    const int code = static_cast<std::uint8_t>(frame.payload[0]) << 8 |
                     static_cast<std::uint8_t>(frame.payload[1]);
    return absl::StrCat(text, " ", code);
  }
  return absl::StrCat(text, " ", frame.payload);
}

}  // namespace muster::worker::websocket
