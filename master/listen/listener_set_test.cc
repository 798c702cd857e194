#include "muster/master/listen/listener_set.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/listen/address.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/listen/listener_set_fixture.h"
#include "muster/master/listen/socket_table.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

absl::StatusOr<ListenerSet> Listening(const config::v1::Config& config, std::uint32_t workers,
                                      const ListenerSet& current) {
  absl::StatusOr<ListenerSet> set = ListenerSet::Make(config, workers, current);
  if (!set.ok()) return set;
  if (const absl::Status status = set->Listen(); !status.ok()) return status;
  return set;
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
    for (const worker::HandedListener& entry : set.ForWorker(i, workers)) fds.insert(entry.fd);
  }
  return fds;
}

TEST(ListenerSet, KnowsTheListenerOfEachSocketAlsoInAnotherProgram) {
  config::v1::Config config = ConfigWith({"127.0.0.1:0", "127.0.0.1:0"}, config::v1::REUSEPORT);
  config.mutable_listen(0)->set_name("first");
  config.mutable_listen(1)->set_name("second");
  const auto set = Listening(config, 2, {});
  ASSERT_TRUE(set.ok()) << set.status();
  DescriptorKeep keep;
  SavedSockets saved;
  const auto state = set->Save(saved);
  auto sockets = saved.Save(keep);
  // The other program has descriptors of its own of the sockets.
  std::set<int> numbers;
  for (state::v1::Socket& socket : sockets) {
    socket.set_fd(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 3));
    numbers.insert(socket.fd());
  }
  DescriptorInheritance descriptors(std::move(numbers));
  auto restored_sockets = RestoredSockets::Restore(sockets, descriptors);
  ASSERT_TRUE(restored_sockets.ok()) << restored_sockets.status();
  const auto restored = ListenerSet::Restore(state, *restored_sockets, config);
  ASSERT_TRUE(restored.ok()) << restored.status();
  for (const ListenerSet* each : {&set.value(), &restored.value()}) {
    const std::vector<worker::HandedListener> entries = each->ForWorker(1, 2);
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].place, 1);
    EXPECT_EQ(entries[1].place, 2);
    std::vector<std::string> names;
    for (const auto& socket : each->sockets()) names.push_back(each->ConfigOf(*socket)->name());
    EXPECT_EQ(names, (std::vector<std::string>{"first", "first", "second", "second"}));
  }
  EXPECT_EQ(set->ConfigOf(*restored->sockets().front()), nullptr);
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

// The descriptor of the one socket of a set.
int FdOf(const ListenerSet& set) { return set.ForWorker(0, 1).at(0).fd; }

std::string PortOf(const ListenerSet& set) {
  const std::string address = set.addresses().at(0);
  return address.substr(address.rfind(':'));
}

TEST(ListenerSet, KeepsASocketWhoseAddressIsWrittenInAnotherWay) {
  const std::vector<std::pair<std::string, std::string>> hosts = {
      {"0.0.0.0", "*"}, {"*", "0.0.0.0"}, {"127.0.0.1", "127.1"}, {"[::1]", "[0:0::1]"}};
  for (const auto& [before, now] : hosts) {
    const auto first = Listening(ConfigWith({before + ":0"}), 1, {});
    ASSERT_TRUE(first.ok()) << first.status();
    const auto second = Listening(ConfigWith({now + PortOf(*first)}), 1, *first);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(FdOf(*second), FdOf(*first)) << before << " " << now;
  }
}

TEST(ListenerSet, GivesEachSocketOfPort0ToOneAddress) {
  const auto first = Listening(ConfigWith({"127.0.0.1:0", "127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(first.ok());
  const auto second = Listening(ConfigWith({"127.0.0.1:0", "127.0.0.1:0"}), 1, *first);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->addresses(), first->addresses());
  // One that is named is not another's.
  const auto third = Listening(ConfigWith({"127.0.0.1:0", first->addresses()[0]}), 1, *second);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->addresses()[0], first->addresses()[1]);
  EXPECT_EQ(third->addresses()[1], first->addresses()[0]);
}

TEST(ListenerSet, SaysThatAWorkerHasNotClosedASocketYet) {
  auto current = Listening(ConfigWith({"127.0.0.1:0"}), 1, {});
  ASSERT_TRUE(current.ok());
  const std::string address = current->addresses()[0];
  const pid_t worker = ::fork();
  if (worker == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  *current = ListenerSet();
  EXPECT_EQ(ListenerSet::Make(ConfigWith({address}), 1, {}).status().message(),
            absl::StrCat("bind ", address, ": Address already in use; process ", worker,
                         ", a worker of this master, has not closed it yet"));
  ::kill(worker, SIGKILL);
  ASSERT_EQ(::waitpid(worker, nullptr, 0), worker);
  EXPECT_TRUE(Listening(ConfigWith({address}), 1, {}).ok());
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

// Under /tmp, for a Unix socket's path must be short.
class UnixListenerSet : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return absl::StrCat(folder_, "/s"); }
  std::string address() const { return "unix:" + path(); }

  char folder_[32] = "/tmp/muster-set-XXXXXX";
};

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST_F(UnixListenerSet, HasOneSocketWithReuseport) {
  {
    const auto set = Listening(ConfigWith({address()}, config::v1::REUSEPORT), 2, {});
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_EQ(DescriptorsOf(*set, 2).size(), 1u);
    EXPECT_EQ(set->ForWorker(1, 2).size(), 1u);
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(UnixListenerSet, KeepsASocketToWhichAnotherPathLeads) {
  const auto first = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::create_directory(absl::StrCat(folder_, "/run"));
  std::filesystem::create_directory_symlink(folder_, absl::StrCat(folder_, "/link"));
  for (const char* way : {"/run/../s", "/link/s"}) {
    const auto second = Listening(ConfigWith({absl::StrCat("unix:", folder_, way)}), 1, *first);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(FdOf(*second), FdOf(*first)) << way;
  }
  EXPECT_TRUE(Connects(address()));
}

TEST_F(UnixListenerSet, BindsASocketAnewWhoseFileWasRemoved) {
  auto current = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(current.ok());
  std::filesystem::remove(path());
  EXPECT_FALSE(Connects(address()));
  auto next = Listening(ConfigWith({address()}), 1, *current);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(Connects(address()));
  // What is left of the old one leaves the new file alone.
  *current = ListenerSet();
  EXPECT_TRUE(Connects(address()));
  *next = ListenerSet();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(UnixListenerSet, DoesNotTakeTheSocketThatReplacedItsOwn) {
  const auto current = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(current.ok());
  std::filesystem::remove(path());
  const auto other = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(
      ListenerSet::Make(ConfigWith({address()}), 1, *current).status().message(),
      absl::StrCat("bind ", address(), ": Address already in use; another process listens there"));
}

TEST_F(UnixListenerSet, RefusesToListenWhenAFileWentMeanwhile) {
  const auto current = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(current.ok());
  auto next = ListenerSet::Make(ConfigWith({address()}), 1, *current);
  ASSERT_TRUE(next.ok());
  std::filesystem::remove(path());
  const absl::Status status = next->Listen();
  EXPECT_EQ(status.message(), absl::StrCat(address(), ": its file was removed or replaced"));
  EXPECT_EQ(config::FieldOf(status), "listen[0].address");
}

TEST_F(UnixListenerSet, GivesALiveSocketOtherRightsOnlyWhenItListens) {
  config::v1::Config config = ConfigWith({address()});
  const auto first = Listening(config, 1, {});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(ModeOf(path()), 0600u);
  config.mutable_listen(0)->set_mode("0666");
  auto second = ListenerSet::Make(config, 1, *first);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(ModeOf(path()), 0600u);
  ASSERT_TRUE(second->Listen().ok());
  EXPECT_EQ(ModeOf(path()), 0666u);
  // The default is wanted again.
  const auto third = Listening(ConfigWith({address()}), 1, *second);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(ModeOf(path()), 0600u);
}

TEST_F(UnixListenerSet, GivesALiveSocketItsRightsBackWhenItCannotListen) {
  const auto current = Listening(ConfigWith({address()}), 1, {});
  ASSERT_TRUE(current.ok());
  config::v1::Config config = ConfigWith({address(), "127.0.0.1:0"});
  config.mutable_listen(0)->set_mode("0666");
  auto next = ListenerSet::Make(config, 1, *current);
  ASSERT_TRUE(next.ok()) << next.status();
  const auto quicker = Listening(ConfigWith({next->addresses()[1]}), 1, {});
  ASSERT_TRUE(quicker.ok()) << quicker.status();
  EXPECT_TRUE(absl::IsAlreadyExists(next->Listen()));
  EXPECT_EQ(ModeOf(path()), 0600u);
}

TEST_F(UnixListenerSet, NamesTheFieldOfAUserThatDoesNotExist) {
  config::v1::Config config = ConfigWith({"127.0.0.1:0", address()});
  config.mutable_listen(1)->set_group("no-such-group");
  const absl::Status status = ListenerSet::Make(config, 1, {}).status();
  EXPECT_EQ(config::FieldOf(status), "listen[1].group");
}

}  // namespace
}  // namespace muster::master
