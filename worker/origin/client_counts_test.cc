#include "muster/worker/origin/client_counts.h"

#include <arpa/inet.h>

#include <string>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

Origin OriginAt(const std::string& address, std::uint16_t port = 1) {
  char bytes[16];
  const bool is_ipv4 = address.find(':') == std::string::npos;
  EXPECT_EQ(::inet_pton(is_ipv4 ? AF_INET : AF_INET6, address.c_str(), bytes), 1) << address;
  return {.address = PeerAddress(absl::string_view(bytes, is_ipv4 ? 4 : 16), port)};
}

Origin OfUser(uid_t uid) {
  sockaddr_storage address = {};
  address.ss_family = AF_UNIX;
  return {.address = PeerAddress(address),
          .credentials = PeerCredentials{.pid = 1, .uid = uid, .gid = 2}};
}

TEST(ClientCounts, CountsConnectionsOfOneAddress) {
  ClientCounts counts;
  ClientCounts::Entry* const first = counts.Add(OriginAt("192.0.2.1", 1));
  ClientCounts::Entry* const second = counts.Add(OriginAt("192.0.2.1", 2));
  counts.Add(OriginAt("192.0.2.2"));
  EXPECT_EQ(counts.CountOf(OriginAt("192.0.2.1", 3)), 2u);
  EXPECT_EQ(counts.CountOf(OriginAt("192.0.2.2")), 1u);
  counts.Subtract(first);
  EXPECT_EQ(counts.CountOf(OriginAt("192.0.2.1")), 1u);
  counts.Subtract(second);
  EXPECT_EQ(counts.CountOf(OriginAt("192.0.2.1")), 0u);
  EXPECT_EQ(counts.clients(), 1u);
}

TEST(ClientCounts, TakesTheFirst64BitsOfIpVersion6ForOneClient) {
  ClientCounts counts;
  counts.Add(OriginAt("2001:db8:0:1::1"));
  EXPECT_EQ(counts.CountOf(OriginAt("2001:db8:0:1:ffff:ffff:ffff:ffff")), 1u);
  EXPECT_EQ(counts.CountOf(OriginAt("2001:db8:0:2::1")), 0u);
}

TEST(ClientCounts, TakesIpVersion4InVersion6ForWhatItIs) {
  ClientCounts counts;
  counts.Add(OriginAt("::ffff:192.0.2.1"));
  EXPECT_EQ(counts.CountOf(OriginAt("192.0.2.1")), 1u);
  EXPECT_EQ(counts.CountOf(OriginAt("::ffff:192.0.2.2")), 0u);
  EXPECT_EQ(counts.CountOf(OriginAt("::1")), 0u);
}

TEST(ClientCounts, TakesAUserOfUnixSocketsForOneClient) {
  ClientCounts counts;
  counts.Add(OfUser(0));
  EXPECT_EQ(counts.CountOf(OfUser(0)), 1u);
  EXPECT_EQ(counts.CountOf(OfUser(1)), 0u);
  EXPECT_EQ(counts.CountOf(OriginAt("0.0.0.0")), 0u);
  EXPECT_EQ(counts.CountOf(OriginAt("::")), 0u);
}

TEST(ClientCounts, ForgetsClientsThatHaveNoConnections) {
  ClientCounts counts;
  for (int i = 0; i < 1000; ++i) {
    counts.Subtract(counts.Add(OriginAt("192.0.2." + std::to_string(i % 256))));
  }
  EXPECT_EQ(counts.clients(), 0u);
}

}  // namespace
}  // namespace muster::worker
