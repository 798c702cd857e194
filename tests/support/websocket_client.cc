#include "muster/tests/support/websocket_client.h"

#include <sys/socket.h>

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/tcp_connection.h"

namespace muster::tests {

WebSocketClient::WebSocketClient(const std::string& address, const std::string& path,
                                 const std::string& fields)
    : fd_(ConnectTo(address)) {
  if (!Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", address,
                         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Sec-WebSocket-Version: 13\r\n",
                         fields, "\r\n"))) {
    return;
  }
  std::size_t end;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!Read()) return;
  }
  answer_ = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  is_open_ = absl::StartsWith(answer_, "HTTP/1.1 101 ") &&
             absl::StrContains(answer_, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

bool WebSocketClient::Send(const std::string& bytes) { return SendAll(fd_, bytes); }

bool WebSocketClient::Read() {
  char bytes[65536];
  const ssize_t n = ipc::RetryOnEintr([&] { return ::recv(fd_.get(), bytes, sizeof(bytes), 0); });
  has_ended_ = n == 0;
  if (n <= 0) return false;
  unread_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::optional<std::string> WebSocketClient::Receive() {
  while (true) {
    absl::string_view rest = unread_;
    if (const auto frame = worker::websocket::TakeServerFrame(rest)) {
      unread_.erase(0, unread_.size() - rest.size());
      return worker::websocket::Describe(*frame);
    }
    if (!Read()) return std::nullopt;
  }
}

bool WebSocketClient::AwaitEnd() { return unread_.empty() && !Read() && has_ended_; }

}  // namespace muster::tests
