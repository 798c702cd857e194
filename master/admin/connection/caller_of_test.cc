#include "muster/master/admin/connection/caller_of.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;

// A certificate's names are tested with real handshakes, in admin_server_tls_test.

TEST(CallerOf, IsTheProcessAtTheOtherEndOfAUnixSocket) {
  const Caller caller = CallerOf(Peer{.pid = 4711, .uid = 1000, .gid = 100}, nullptr);
  EXPECT_THAT(caller.identities, ElementsAre("uid:1000", "gid:100"));
  EXPECT_EQ(caller.name, "uid 1000 (pid 4711)");
}

TEST(CallerOf, IsNobodyWhoIsKnownOverTcpWithoutTls) {
  const Caller caller = CallerOf(Peer{.host = "127.0.0.1", .address = "127.0.0.1:51234"}, nullptr);
  EXPECT_THAT(caller.identities, ElementsAre("anonymous"));
  EXPECT_EQ(caller.name, "anonymous from 127.0.0.1:51234");
}

}  // namespace
}  // namespace muster::master
