#include "muster/worker/websocket/wire/frame_writer.h"

#include <array>

#include "muster/worker/websocket/wire/close_code.h"

namespace muster::worker::websocket {
namespace {

void AppendNumber(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(number >> (8 * i)));
}

bool IsContinuation(char c) { return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80; }

}  // namespace

void AppendFrameHeader(std::string& out, Opcode opcode, std::uint64_t payload_bytes,
                       bool is_compressed) {
  const auto first =
      static_cast<char>(0x80 | (is_compressed ? 0x40 : 0) | static_cast<int>(opcode));
  if (payload_bytes <= 125) {
    const std::array<char, 2> header = {first, static_cast<char>(payload_bytes)};
    out.append(header.data(), header.size());
    return;
  }
  out.push_back(first);
  if (payload_bytes <= 65535) {
    out.push_back(126);
    AppendNumber(out, payload_bytes, 2);
  } else {
    out.push_back(127);
    AppendNumber(out, payload_bytes, 8);
  }
}

void AppendFrame(std::string& out, Opcode opcode, absl::string_view payload, bool is_compressed) {
  AppendFrameHeader(out, opcode, payload.size(), is_compressed);
  out.append(payload.data(), payload.size());
}

void AppendClose(std::string& out, std::uint16_t code, absl::string_view reason) {
  if (code == kNoStatusReceived) return AppendFrame(out, Opcode::kClose, "");
  std::size_t size = reason.size();
  if (size > kMostReasonBytes) {
    size = kMostReasonBytes;
    while (size > 0 && IsContinuation(reason[size])) --size;
  }
  AppendFrameHeader(out, Opcode::kClose, size + 2);
  AppendNumber(out, code, 2);
  out.append(reason.data(), size);
}

}  // namespace muster::worker::websocket
