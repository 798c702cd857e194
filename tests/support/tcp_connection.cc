#include "muster/tests/support/tcp_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstddef>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {

ipc::UniqueFd ConnectTo(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) {
    return {};
  }
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ipc::UniqueFd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
  const int one = 1;
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    return {};
  }
  return connection;
}

bool SendAll(const ipc::UniqueFd& connection, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ipc::RetryOnEintr([&] {
      return ::send(connection.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    });
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace muster::tests
