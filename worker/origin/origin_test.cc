#include "muster/worker/origin/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker {
namespace {

const std::string kFourBytes("\xc0\x00\x02\x01", 4);

TEST(Origin, OfAUnixSocketHasTheProcess) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd first(ends[0]);
  const ipc::UniqueFd second(ends[1]);
  const Origin origin = ReadOrigin(first.get());
  EXPECT_EQ(origin.address.family(), AF_UNIX);
  EXPECT_EQ(origin.credentials,
            (PeerCredentials{.pid = ::getpid(), .uid = ::geteuid(), .gid = ::getegid()}));
}

TEST(Origin, OfWhatIsNotConnectedIsEmpty) {
  const ipc::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(ReadOrigin(socket.get()).address.family(), AF_UNSPEC);
}

TEST(Origin, TravelsWithWhatAProxyTold) {
  const Origin origin = {
      .address = PeerAddress(kFourBytes, 4711), .is_proxied = true, .listener = "public"};
  v1::Origin saved;
  ASSERT_TRUE(saved.ParseFromString(SaveOrigin(origin).SerializeAsString()));
  Origin restored;
  RestoreOrigin(saved, restored);
  EXPECT_EQ(restored.address.ToStringWithPort(), "192.0.2.1:4711");
  EXPECT_TRUE(restored.is_proxied);
  EXPECT_EQ(restored.listener, "public");
}

TEST(Origin, LeavesToTheKernelWhatTheKernelTells) {
  const v1::Origin saved = SaveOrigin({.address = PeerAddress(kFourBytes, 4711)});
  EXPECT_EQ(saved.ByteSizeLong(), 0u);
  Origin restored = {.address = PeerAddress(kFourBytes, 80)};
  RestoreOrigin(saved, restored);
  EXPECT_EQ(restored.address.ToStringWithPort(), "192.0.2.1:80");
  EXPECT_FALSE(restored.is_proxied);
}

TEST(Origin, OfABrokenPeerIsLeftOut) {
  v1::Origin saved;
  saved.set_address("five!");
  saved.set_listener("no name");
  Origin restored;
  RestoreOrigin(saved, restored);
  EXPECT_EQ(restored.address.family(), AF_UNSPEC);
  EXPECT_EQ(restored.listener, "");
  saved.set_address(kFourBytes);
  saved.set_port(65536);
  saved.set_listener(std::string(65, 'a'));
  RestoreOrigin(saved, restored);
  EXPECT_FALSE(restored.is_proxied);
  EXPECT_EQ(restored.listener, "");
}

TEST(Origin, IsNeverLongerThanToldHere) {
  const Origin longest = {.address = PeerAddress(std::string(16, '\xff'), 65535),
                          .is_proxied = true,
                          .listener = std::string(64, 'x')};
  // As a field of a message: two bytes of its number, one of its size.
  EXPECT_LE(SaveOrigin(longest).ByteSizeLong() + 3, static_cast<std::size_t>(kMostOriginBytes));
}

}  // namespace
}  // namespace muster::worker
