// Sockets that a service manager passes, alone and in a set.

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/listen/listener_set_fixture.h"

namespace muster::master {
namespace {

ipc::UniqueFd ListenAt(const std::string& text, int backlog = 5) {
  const listen::Address address = *listen::Address::Parse(text);
  ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM, 0));
  EXPECT_EQ(::bind(fd.get(), address.get(), address.size()), 0);
  EXPECT_EQ(::listen(fd.get(), backlog), 0);
  return fd;
}

std::shared_ptr<Listener> Adopted(ipc::UniqueFd fd, bool is_shared = true) {
  absl::StatusOr<Listener> listener = Listener::Adopt(std::move(fd), is_shared);
  EXPECT_TRUE(listener.ok()) << listener.status();
  return std::make_shared<Listener>(*std::move(listener));
}

class ListenerAdoption : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return absl::StrCat(folder_, "/x"); }

  char folder_[32] = "/tmp/muster-adopt-XXXXXX";
};

TEST_F(ListenerAdoption, KnowsHowTheSocketListens) {
  const auto listener = Adopted(ListenAt("127.0.0.1:0"));
  EXPECT_TRUE(listener->is_listening());
  EXPECT_TRUE(listener->is_shared());
  EXPECT_FALSE(listener->shares_port());
  EXPECT_EQ(listener->backlog(), 5) << "what an attempt that fails puts back";
  EXPECT_NE(listener->address().port(), 0);
}

TEST_F(ListenerAdoption, MakesTheDescriptorLikeOneOfItsOwn) {
  const auto listener = Adopted(ListenAt("127.0.0.1:0"));
  EXPECT_NE(::fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(listener->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ListenerAdoption, NeverRemovesTheFileOfASharedSocket) {
  {
    const auto listener = Adopted(ListenAt("unix:" + path()));
    listener->file().Own();
    EXPECT_TRUE(listener->file().SetRights({.mode = 0}).ok());
  }
  struct stat file = {};
  ASSERT_EQ(::stat(path().c_str(), &file), 0);
  EXPECT_NE(file.st_mode & 0777, 0u) << "it has the rights that the manager gave it";
}

TEST_F(ListenerAdoption, RemovesTheFileOfAMasterBeforeThisOneOnceItOwnsIt) {
  { const auto listener = Adopted(ListenAt("unix:" + path()), /*is_shared=*/false); }
  EXPECT_TRUE(std::filesystem::exists(path()));
  std::filesystem::remove(path());
  {
    const auto listener = Adopted(ListenAt("unix:" + path()), /*is_shared=*/false);
    listener->file().Own();
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ListenerAdoption, AdmitsClientsToASocketThatAMasterBeforeThisOneHadRetired) {
  const auto retired = Adopted(ListenAt("127.0.0.1:0"));
  ASSERT_TRUE(retired->RetireByHops().ok());
  retired->Retire().IgnoreError();
  const auto listener = Adopted(*ipc::DuplicateFd(retired->fd()), /*is_shared=*/false);
  EXPECT_FALSE(listener->is_retired());
  int least_hops = -1;
  socklen_t size = sizeof(least_hops);
  ASSERT_EQ(::getsockopt(listener->fd(), IPPROTO_IP, IP_MINTTL, &least_hops, &size), 0);
  EXPECT_EQ(least_hops, 0);
  const int none = 0;
  EXPECT_EQ(::setsockopt(listener->fd(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(ListenerAdoption, GivesTheSocketToWhoeverWantsItsAddress) {
  const auto service = Adopted(ListenAt("127.0.0.1:0"));
  const auto admin = Adopted(ListenAt("unix:" + path()));
  const ListenerSet passed = ListenerSet::OfPassed({service, admin});
  EXPECT_TRUE(passed.HasPassed(service->address()));
  EXPECT_FALSE(passed.HasPassed(*listen::Address::Parse("127.0.0.1:0")));
  const auto set = ListenerSet::Make(
      ConfigWithAdmin({service->address().ToString()}, {"unix:" + path()}), 1, passed);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->ForWorker(0, 1)[0].fd, service->fd());
  EXPECT_EQ(set->ForAdmin()[0]->fd(), admin->fd());
}

TEST_F(ListenerAdoption, DoesNotStopTheListeningOfASetThatIsTakenBack) {
  const auto socket = Adopted(ListenAt("127.0.0.1:0"));
  auto set = ListenerSet::Make(ConfigWith({socket->address().ToString()}), 1,
                               ListenerSet::OfPassed({socket}));
  ASSERT_TRUE(set.ok()) << set.status();
  ListenAttempt attempt;
  ASSERT_TRUE(set->Listen(attempt).ok());
  EXPECT_EQ(socket->backlog(), 8);
  attempt.TakeBack();
  EXPECT_EQ(socket->backlog(), 5);
  const ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(client.get(), socket->address().get(), socket->address().size()), 0);
}

TEST_F(ListenerAdoption, SaysWhoKeepsAnAddressFromItsUser) {
  const auto any = Adopted(ListenAt("*:0"));
  const std::string wanted = absl::StrCat("127.0.0.1:", any->address().port());
  const absl::Status status =
      ListenerSet::Make(ConfigWith({wanted}), 1, ListenerSet::OfPassed({any})).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_EQ(
      status.message(),
      absl::StrCat("bind ", wanted, ": Address already in use; this master itself listens on ",
                   any->address().ToString(), ", with a socket that the service manager passed"));
}

TEST_F(ListenerAdoption, PutsTheSocketsOfOneAddressTogether) {
  for (const bool is_second_shared : {true, false}) {
    const auto first = Adopted(ListenAt("127.0.0.1:0"));
    ASSERT_TRUE(first->SharePort(true).ok());
    auto sibling = first->MakeSibling();
    ASSERT_TRUE(sibling.ok()) << sibling.status();
    ASSERT_TRUE(sibling->Listen(5).ok());
    const auto second = Adopted(*ipc::DuplicateFd(sibling->fd()), is_second_shared);
    config::v1::Config config = ConfigWith({first->address().ToString()});
    config.set_accept(config::v1::REUSEPORT);
    const auto set = ListenerSet::Make(config, 2, ListenerSet::OfPassed({first, second}));
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_EQ(set->ForWorker(0, 2)[0].fd, first->fd());
    EXPECT_EQ(set->ForWorker(1, 2)[0].fd, second->fd());
  }
}

}  // namespace
}  // namespace muster::master
