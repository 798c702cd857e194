#include "muster/master/admin/connection/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"

namespace muster::master {
namespace {

TEST(Peer, IsTheProcessAtTheOtherEnd) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd ours(ends[0]);
  const ipc::UniqueFd theirs(ends[1]);
  const absl::StatusOr<Peer> peer = Peer::OfSocket(ours.get());
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::getuid());
  EXPECT_EQ(peer->gid, ::getgid());
  EXPECT_EQ(peer->ToString(), absl::StrCat("uid ", ::getuid(), " (pid ", ::getpid(), ")"));
}

TEST(Peer, IsInTheGroupsOfItsProcess) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd ours(ends[0]);
  const ipc::UniqueFd theirs(ends[1]);
  std::vector<gid_t> groups(::getgroups(0, nullptr));
  ASSERT_EQ(::getgroups(static_cast<int>(groups.size()), groups.data()),
            static_cast<int>(groups.size()));
  const Peer peer = *Peer::OfSocket(ours.get());
  EXPECT_THAT(peer.groups, ::testing::ElementsAreArray(groups));
}

TEST(Peer, IsACallerWithItsUserAndItsGroups) {
  const Peer peer = {.pid = 4711, .uid = 1000, .gid = 100, .groups = {27, 4}};
  EXPECT_THAT(peer.ToCaller().identities,
              ::testing::ElementsAre("uid:1000", "gid:100", "gid:27", "gid:4"));
  EXPECT_EQ(peer.ToCaller().name, "uid 1000 (pid 4711)");
}

TEST(Peer, HasNoPidWhereWeDoNotSeeIt) {
  EXPECT_EQ((Peer{.pid = 0, .uid = 1000, .gid = 1000}.ToString()), "uid 1000");
}

TEST(Peer, IsUnknownOfWhatIsNoSocket) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const ipc::UniqueFd read(ends[0]);
  const ipc::UniqueFd write(ends[1]);
  EXPECT_FALSE(Peer::OfSocket(read.get()).ok());
}

TEST(Peer, IsAnAddressOverTcp) {
  for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
    const listen::Address wanted = *listen::Address::Parse(text);
    const ipc::UniqueFd listener(::socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listener.get(), wanted.get(), wanted.size()) != 0) continue;  // no IPv6
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    const listen::Address bound = *listen::Address::OfSocket(listener.get());
    const ipc::UniqueFd client(::socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), bound.get(), bound.size()), 0);
    const ipc::UniqueFd served(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const absl::StatusOr<Peer> peer = Peer::OfSocket(served.get());
    ASSERT_TRUE(peer.ok()) << peer.status();
    EXPECT_FALSE(peer->is_unix());
    EXPECT_EQ(peer->address, listen::Address::OfSocket(client.get())->ToString());
    EXPECT_EQ(peer->ToString(), peer->address);
    EXPECT_EQ(peer->share(), wanted.family() == AF_INET6 ? "::1" : "127.0.0.1");
  }
}

}  // namespace
}  // namespace muster::master
