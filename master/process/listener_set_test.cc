#include "muster/master/process/listener_set.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/master/process/address.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

config::v1::Config ConfigWith(const std::vector<std::string>& addresses,
                              config::v1::Accept accept = config::v1::EXCLUSIVE) {
  config::v1::Config config;
  config.set_accept(accept);
  for (const std::string& address : addresses) {
    config::v1::Listen* listen = config.add_listen();
    listen->set_address(address);
    listen->set_backlog(8);
  }
  return config;
}

absl::StatusOr<ListenerSet> Listening(const config::v1::Config& config, std::uint32_t workers,
                                      const ListenerSet& current) {
  absl::StatusOr<ListenerSet> set = ListenerSet::Make(config, workers, current);
  if (!set.ok()) return set;
  if (const absl::Status status = set->Listen(); !status.ok()) return status;
  return set;
}

bool Connects(const std::string& text) {
  const Address address = *Address::Parse(text);
  const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.get(), address.size()) == 0;
}

// TCP_INFO has the backlog of a socket that listens in a field of another name.
std::uint32_t BacklogOf(int fd) {
  tcp_info info = {};
  socklen_t size = sizeof(info);
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_sacked;
}

bool SharesItsPort(int fd) {
  int shares = -1;
  socklen_t size = sizeof(shares);
  EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shares, &size), 0);
  return shares == 1;
}

std::set<int> DescriptorsOf(const ListenerSet& set, std::uint32_t workers) {
  std::set<int> fds;
  for (std::uint32_t i = 0; i < workers; ++i) {
    for (const ListenerSet::Entry& entry : set.ForWorker(i, workers)) fds.insert(entry.fd);
  }
  return fds;
}

TEST(ListenerSet, KeepsTheSocketsThatAreWantedAgain) {
  const auto first = Listening(ConfigWith({"127.0.0.1:0"}), 2, {});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Listening(ConfigWith({"127.0.0.2:0", "127.0.0.1:0"}), 2, *first);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->ForWorker(0, 2)[1].fd, first->ForWorker(0, 2)[0].fd);
  EXPECT_EQ(second->addresses()[1], first->addresses()[0]);
}

TEST(ListenerSet, ClosesWhatNoSetHasAnyMore) {
  auto first = Listening(ConfigWith({"127.0.0.1:0"}), 2, {});
  ASSERT_TRUE(first.ok());
  const std::string address = first->addresses()[0];
  auto second = Listening(ConfigWith({"127.0.0.2:0"}), 2, *first);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(Connects(address));
  *first = *second;
  EXPECT_FALSE(Connects(address));
}

TEST(ListenerSet, LeavesTheCurrentOnesWhenANewOneFails) {
  const auto first = Listening(ConfigWith({"127.0.0.1:0"}), 2, {});
  ASSERT_TRUE(first.ok());
  const auto second = Listening(ConfigWith({"127.0.0.1:0", "192.0.2.1:1"}), 2, *first);
  EXPECT_EQ(second.status().message(), "bind 192.0.2.1:1: Cannot assign requested address");
  EXPECT_TRUE(Connects(first->addresses()[0]));
}

TEST(ListenerSet, ListensOnNothingBeforeItIsTold) {
  const auto one = ListenerSet::Make(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_FALSE(Connects(one->addresses()[0]));
  const auto current = Listening(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(current.ok());
  const auto three =
      ListenerSet::Make(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 3, *current);
  ASSERT_TRUE(three.ok()) << three.status();
  for (std::uint32_t i = 1; i < 3; ++i) {
    int listens = -1;
    socklen_t size = sizeof(listens);
    const int fd = three->ForWorker(i, 3)[0].fd;
    ASSERT_EQ(::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
    EXPECT_EQ(listens, 0);
  }
}

TEST(ListenerSet, ChangesALiveSocketOnlyWhenItListens) {
  const auto current = Listening(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(current.ok());
  const int fd = current->ForWorker(0, 1)[0].fd;
  config::v1::Config config = ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT);
  config.mutable_listen(0)->set_backlog(3);
  auto next = ListenerSet::Make(config, 2, *current);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(BacklogOf(fd), 8u);
  EXPECT_FALSE(SharesItsPort(fd));
  ASSERT_TRUE(next->Listen().ok());
  EXPECT_EQ(BacklogOf(fd), 3u);
  EXPECT_TRUE(SharesItsPort(fd));
}

TEST(ListenerSet, LeavesLiveSocketsAsTheyWereWhenItCannotListen) {
  const auto current = Listening(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(current.ok());
  const int fd = current->ForWorker(0, 1)[0].fd;
  config::v1::Config config =
      ConfigWith({"127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"}, config::v1::REUSEPORT);
  config.mutable_listen(0)->set_backlog(3);
  auto next = ListenerSet::Make(config, 2, *current);
  ASSERT_TRUE(next.ok()) << next.status();
  const auto quicker = Listening(ConfigWith({next->addresses()[2]}), 1, {});
  ASSERT_TRUE(quicker.ok()) << quicker.status();

  const absl::Status status = next->Listen();

  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_EQ(config::FieldOf(status), "listen[2].address");
  EXPECT_EQ(BacklogOf(fd), 8u);
  EXPECT_FALSE(SharesItsPort(fd));
  EXPECT_TRUE(Connects(next->addresses()[0]));
  EXPECT_FALSE(Connects(next->addresses()[1]));
}

TEST(ListenerSet, HasASocketForEachWorkerWithReuseport) {
  const auto set = Listening(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 3, {});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(DescriptorsOf(*set, 3).size(), 3u);
  EXPECT_EQ(set->ForWorker(0, 3)[0].address, set->ForWorker(2, 3)[0].address);
}

TEST(ListenerSet, AddsSocketsForMoreWorkersAndKeepsTheOld) {
  const auto one = Listening(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(one.ok());
  const auto three = Listening(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 3, *one);
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(DescriptorsOf(*three, 3).size(), 3u);
  EXPECT_EQ(three->ForWorker(0, 3)[0].fd, one->ForWorker(0, 1)[0].fd);
}

TEST(ListenerSet, KeepsTheSocketsOfWorkersThatBecomeFewer) {
  const auto three = Listening(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 3, {});
  ASSERT_TRUE(three.ok()) << three.status();
  const auto two = Listening(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 2, *three);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->ForWorker(0, 2).size(), 2u);
  EXPECT_EQ(two->ForWorker(1, 2).size(), 1u);
  EXPECT_EQ(DescriptorsOf(*two, 2), DescriptorsOf(*three, 3));
  const auto together = Listening(ConfigWith({"127.0.0.1:0"}), 2, *three);
  ASSERT_TRUE(together.ok());
  EXPECT_EQ(together->ForWorker(0, 2).size(), 3u);
  EXPECT_EQ(together->ForWorker(1, 2).size(), 3u);
}

TEST(ListenerSet, DoesNotJoinTheSocketsOfSomebodyElse) {
  const auto mine = Listening(ConfigWith({"127.0.0.1:0"}, config::v1::REUSEPORT), 2, {});
  ASSERT_TRUE(mine.ok());
  const auto theirs = Listening(ConfigWith({mine->addresses()[0]}, config::v1::REUSEPORT), 2, {});
  EXPECT_TRUE(absl::IsAlreadyExists(theirs.status())) << theirs.status();
}

TEST(ListenerSet, HasOneSocketForAUnixPathWithReuseport) {
  char folder[] = "/tmp/muster-set-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  {
    const auto set =
        Listening(ConfigWith({absl::StrCat("unix:", folder, "/s")}, config::v1::REUSEPORT), 2, {});
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_EQ(DescriptorsOf(*set, 2).size(), 1u);
    EXPECT_EQ(set->ForWorker(1, 2).size(), 1u);
  }
  EXPECT_EQ(::rmdir(folder), 0);
}

}  // namespace
}  // namespace muster::master
