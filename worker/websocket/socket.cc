#include "muster/worker/websocket/socket.h"

namespace muster::worker::websocket {

void Socket::Flush() {
  if (out_.empty()) return;
  stream_.Write(out_);
  out_.clear();
  if (out_.capacity() > 4096) out_.shrink_to_fit();
}

absl::Status Socket::SendText(absl::string_view text) {
  absl::Status status = end_.SendText(text, out_);
  Flush();
  return status;
}

void Socket::SendBinary(absl::string_view bytes) {
  end_.SendBinary(bytes, out_);
  Flush();
}

absl::Status Socket::SendPing(absl::string_view payload) {
  absl::Status status = end_.SendPing(payload, out_);
  Flush();
  return status;
}

absl::Status Socket::Close(std::uint16_t code, absl::string_view reason) {
  absl::Status status = end_.Close(code, reason, out_);
  if (!out_.empty()) on_close_();
  Flush();
  return status;
}

}  // namespace muster::worker::websocket
