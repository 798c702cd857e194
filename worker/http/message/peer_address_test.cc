#include "muster/worker/http/message/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

std::string Text(const PeerAddress& peer) {
  std::string text = ">";
  peer.AppendTo(text);
  return text;
}

TEST(PeerAddress, OfIpVersion4) {
  sockaddr_storage address = {};
  auto& in = reinterpret_cast<sockaddr_in&>(address);
  in.sin_family = AF_INET;
  ASSERT_EQ(::inet_pton(AF_INET, "192.0.2.255", &in.sin_addr), 1);
  EXPECT_EQ(Text(PeerAddress(address)), ">192.0.2.255");
}

TEST(PeerAddress, OfIpVersion6) {
  sockaddr_storage address = {};
  auto& in = reinterpret_cast<sockaddr_in6&>(address);
  in.sin6_family = AF_INET6;
  ASSERT_EQ(::inet_pton(AF_INET6, "2001:db8::1", &in.sin6_addr), 1);
  EXPECT_EQ(Text(PeerAddress(address)), ">2001:db8::1");
}

TEST(PeerAddress, OfAUnixSocketHasNoName) {
  sockaddr_storage address = {};
  address.ss_family = AF_UNIX;
  EXPECT_EQ(Text(PeerAddress(address)), ">unix:");
}

}  // namespace
}  // namespace muster::worker::http
