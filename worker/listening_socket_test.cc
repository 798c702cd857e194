#include "worker/listening_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "gtest/gtest.h"
#include "ipc/unique_fd.h"

namespace muster::worker {
namespace {

sockaddr_in Loopback() {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

ListeningSocket Listen() {
  InheritedListener listener;
  listener.address = "127.0.0.1:0";
  listener.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback();
  EXPECT_EQ(::bind(listener.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  EXPECT_EQ(::listen(listener.fd.get(), 8), 0);
  return ListeningSocket(std::move(listener));
}

ipc::UniqueFd Connect(const ListeningSocket& socket) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  EXPECT_EQ(::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  return client;
}

TEST(ListeningSocket, SaysWhenNobodyWaits) {
  const ListeningSocket socket = Listen();
  Connection connection;
  EXPECT_EQ(socket.Accept(&connection), ListeningSocket::Outcome::kNothing);
}

TEST(ListeningSocket, GivesConnectionsThatNeitherBlockNorDelay) {
  const ListeningSocket socket = Listen();
  const ipc::UniqueFd client = Connect(socket);
  Connection connection;
  ASSERT_EQ(socket.Accept(&connection), ListeningSocket::Outcome::kAccepted);
  const int fd = connection.fd.get();
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
}

TEST(ListeningSocket, SaysWhoConnected) {
  const ListeningSocket socket = Listen();
  const ipc::UniqueFd client = Connect(socket);
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Connection connection;
  ASSERT_EQ(socket.Accept(&connection), ListeningSocket::Outcome::kAccepted);
  ASSERT_EQ(connection.peer_bytes, sizeof(address));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(&connection.peer)->sin_port, address.sin_port);
}

}  // namespace
}  // namespace muster::worker
