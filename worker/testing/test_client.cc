#include "muster/worker/testing/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "muster/ipc/base/check.h"

namespace muster::worker::testing {

TestClient::TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience = {20, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MUSTER_CHECK(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
               "the client connects");
}

void TestClient::Send(absl::string_view bytes) const {
  const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  MUSTER_CHECK(sent == static_cast<ssize_t>(bytes.size()), "the client sends");
}

std::string TestClient::ReadLine() const {
  std::string line;
  char byte;
  while (::recv(fd_.get(), &byte, 1, 0) == 1 && byte != '\n') line += byte;
  return line;
}

bool TestClient::IsAtEnd() const {
  char byte;
  return ::recv(fd_.get(), &byte, 1, 0) == 0;
}

std::uint16_t TestClient::local_port() const {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  MUSTER_CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
               "the client has an address");
  return ntohs(address.sin_port);
}

}  // namespace muster::worker::testing
