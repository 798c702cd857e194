#include "muster/tests/support/line_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/tcp_connection.h"

namespace muster::tests {

LineClient::LineClient(const std::string& address) : fd_(ConnectTo(address)) {}

bool LineClient::SendBytes(const std::string& bytes) { return SendAll(fd_, bytes); }

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
