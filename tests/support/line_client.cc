#include "muster/tests/support/line_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {

LineClient::LineClient(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) {
    return;
  }
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
  const int one = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    fd_ = std::move(fd);
  }
}

bool LineClient::SendBytes(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ipc::RetryOnEintr(
        [&] { return ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL); });
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

std::optional<std::string> LineClient::Receive() {
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char bytes[4096];
    const ssize_t n = ipc::RetryOnEintr([&] { return ::recv(fd_.get(), bytes, sizeof(bytes), 0); });
    if (n <= 0) return std::nullopt;
    unread_.append(bytes, static_cast<std::size_t>(n));
  }
}

std::optional<std::string> LineClient::ReceiveUntil(const std::string& beginning) {
  while (auto line = Receive()) {
    if (absl::StartsWith(*line, beginning)) return line;
  }
  return std::nullopt;
}

bool LineClient::has_input() const {
  pollfd wait = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return !unread_.empty() || ::poll(&wait, 1, 0) > 0;
}

}  // namespace muster::tests
