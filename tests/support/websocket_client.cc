#include "muster/tests/support/websocket_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {

WebSocketClient::WebSocketClient(const std::string& address, const std::string& path,
                                 const std::string& fields) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) {
    return;
  }
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
  const int one = 1;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 ||
      !Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", address,
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

bool WebSocketClient::Send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ipc::RetryOnEintr(
        [&] { return ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL); });
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

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
