#include "muster/master/admin/connection/handshake_end.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/master/listen/listener.h"

namespace muster::master {
namespace {

using admin::v1::RefusedHandshake;
using std::chrono::seconds;

class HandshakeEndTest : public testing::Test {
 protected:
  void SetUp() override {
    Listener listener = *Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
    ASSERT_TRUE(listener.Listen(1).ok());
    const listen::Address& address = listener.address();
    client_ = ipc::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client_.get(), address.get(), address.size()), 0);
    server_ = ipc::UniqueFd(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server_.valid());
  }

  ipc::UniqueFd client_;
  ipc::UniqueFd server_;
};

TEST_F(HandshakeEndTest, IsTheClientsIfItHungUpFirst) {
  client_.reset();
  char byte = 0;
  ASSERT_EQ(::read(server_.get(), &byte, 1), 0);
  EXPECT_EQ(WhyHandshakeEnded(server_.get(), seconds(1)), RefusedHandshake::CLIENT_LEFT);
  EXPECT_EQ(WhyHandshakeEnded(server_.get(), seconds(11)), RefusedHandshake::CLIENT_LEFT);
}

TEST_F(HandshakeEndTest, IsTheMastersIfItHungUpFirst) {
  ::shutdown(server_.get(), SHUT_RDWR);
  EXPECT_EQ(WhyHandshakeEnded(server_.get(), seconds(1)), RefusedHandshake::CLIENT_REFUSED);
}

TEST_F(HandshakeEndTest, IsThatOfTheTimeIfTheMasterHungUpThen) {
  ::shutdown(server_.get(), SHUT_RDWR);
  EXPECT_EQ(WhyHandshakeEnded(server_.get(), kHandshakePatience), RefusedHandshake::TIMED_OUT);
}

TEST_F(HandshakeEndTest, IsOfNobodyIfTheConnectionWasReset) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(client_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
  client_.reset();
  char byte = 0;
  ASSERT_EQ(::read(server_.get(), &byte, 1), -1);
  EXPECT_EQ(WhyHandshakeEnded(server_.get(), seconds(1)), RefusedHandshake::ENDED);
}

}  // namespace
}  // namespace muster::master
