#include "muster/worker/runtime/accept/listening_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "gtest/gtest.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_client.h"

namespace muster::worker {
namespace {

TEST(ListeningSocket, SaysWhenNobodyWaits) {
  const testing::LoopbackListener listener;
  const ListeningSocket socket(listener.Inherit());
  Connection connection;
  EXPECT_EQ(socket.Accept(&connection), ListeningSocket::Outcome::kNothing);
}

TEST(ListeningSocket, GivesConnectionsThatNeitherBlockNorDelay) {
  const testing::LoopbackListener listener;
  const ListeningSocket socket(listener.Inherit());
  const testing::TestClient client(listener.port());
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
  const testing::LoopbackListener listener;
  const ListeningSocket socket(listener.Inherit());
  const testing::TestClient client(listener.port());
  Connection connection;
  ASSERT_EQ(socket.Accept(&connection), ListeningSocket::Outcome::kAccepted);
  EXPECT_EQ(connection.origin.address.ToString(), "127.0.0.1");
  EXPECT_EQ(connection.origin.address.port(), client.local_port());
  EXPECT_FALSE(connection.origin.credentials.has_value());
}

}  // namespace
}  // namespace muster::worker
