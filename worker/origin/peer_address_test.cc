#include "muster/worker/origin/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "gtest/gtest.h"

namespace muster::worker {
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
  EXPECT_EQ(PeerAddress(address).ToStringWithPort(), "unix:");
  EXPECT_EQ(PeerAddress(address).network_bytes(), "");
}

TEST(PeerAddress, SaysSoWhenItIsNotKnown) {
  EXPECT_EQ(Text(PeerAddress()), ">unknown");
  EXPECT_EQ(PeerAddress().ToStringWithPort(), "unknown");
}

TEST(PeerAddress, IsMadeOfItsBytes) {
  const std::string four("\xc0\x00\x02\x01", 4);
  EXPECT_EQ(PeerAddress(four, 80).ToStringWithPort(), "192.0.2.1:80");
  EXPECT_EQ(PeerAddress(four, 80).network_bytes(), four);
  const std::string sixteen = "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x01";
  EXPECT_EQ(PeerAddress(sixteen, 443).ToStringWithPort(), "[2001:db8::1]:443");
  EXPECT_EQ(PeerAddress(sixteen, 443).network_bytes(), sixteen);
  EXPECT_EQ(PeerAddress("12345", 80), PeerAddress());
}

}  // namespace
}  // namespace muster::worker
