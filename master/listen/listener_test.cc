#include "muster/master/listen/listener.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"

namespace muster::master {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Under /tmp, for a Unix socket's path must be short.
class ListenerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override {
    ::unlink(path().c_str());
    ::rmdir(folder_);
  }
  std::string path() const { return absl::StrCat(folder_, "/x"); }
  listen::Address UnixAddress() const { return *listen::Address::Parse("unix:" + path()); }

  char folder_[32] = "/tmp/muster-listener-XXXXXX";
};

absl::StatusOr<Listener> ListenOn(const listen::Address& address) {
  absl::StatusOr<Listener> listener = Listener::Bind(address);
  if (!listener.ok()) return listener;
  if (const absl::Status status = listener->Listen(8); !status.ok()) return status;
  return listener;
}

bool Connects(const listen::Address& address) {
  const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.get(), address.size()) == 0;
}

TEST_F(ListenerTest, TellsThePortThatTheKernelChose) {
  const auto listener = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_NE(listener->address().port(), 0);
  EXPECT_TRUE(Connects(listener->address()));
}

TEST_F(ListenerTest, NamesTheAddressThatIsInUse) {
  const auto first = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(first.ok());
  const auto second = ListenOn(first->address());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(first->address().ToString()), HasSubstr("Address already in use")));
}

TEST_F(ListenerTest, IsNotConnectedToBeforeItListens) {
  auto listener = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok());
  EXPECT_FALSE(Connects(listener->address()));
  ASSERT_TRUE(listener->Listen(8).ok());
  EXPECT_TRUE(Connects(listener->address()));
}

TEST_F(ListenerTest, TellsThatAnotherSocketListenedFirst) {
  auto listener = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok());
  const auto quicker = ListenOn(listener->address());
  ASSERT_TRUE(quicker.ok()) << quicker.status();
  const absl::Status status = listener->Listen(8);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(),
            absl::StrCat("listen ", listener->address().ToString(),
                         ": Address already in use; another process listens there"));
}

TEST_F(ListenerTest, StopsListeningInEveryProcessThatHasIt) {
  auto listener = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok());
  const ipc::UniqueFd of_a_worker(::dup(listener->fd()));
  listener->StopListening();
  EXPECT_FALSE(Connects(listener->address()));
}

TEST_F(ListenerTest, ListensAgainAfterItWasReservedAlsoOnAPortOfTheKernel) {
  auto any_port = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(any_port.ok());
  const listen::Address address = any_port->address();
  any_port->Reserve();
  EXPECT_FALSE(Connects(address));
  EXPECT_EQ(Listener::Probe(address).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(any_port->Listen(8).ok());
  EXPECT_FALSE(any_port->is_reserved());
  EXPECT_TRUE(Connects(address));
  { const Listener closed = *std::move(any_port); }

  auto listener = ListenOn(address);
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener->Reserve();
  const ipc::UniqueFd of_a_worker(::dup(listener->fd()));
  EXPECT_EQ(Listener::Probe(address).code(), absl::StatusCode::kAlreadyExists);
  { const Listener closed = *std::move(listener); }
  EXPECT_TRUE(ListenOn(address).ok()) << "a worker that hangs reserves nothing";
}

TEST_F(ListenerTest, SharesItsPortWithASiblingWhenAsked) {
  auto first = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(first.ok());
  auto sibling = first->MakeSibling();
  ASSERT_TRUE(sibling.ok()) << sibling.status();
  EXPECT_EQ(sibling->Listen(8).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(first->SharePort(true).ok());
  EXPECT_TRUE(sibling->Listen(8).ok());
}

TEST_F(ListenerTest, RemovesTheFileOfItsUnixSocketAtTheEnd) {
  { ASSERT_TRUE(ListenOn(UnixAddress()).ok()); }
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
}

TEST_F(ListenerTest, DoesNotListenOnAUnixSocketThatNobodyWouldFind) {
  auto listener = Listener::Bind(UnixAddress());
  ASSERT_TRUE(listener.ok()) << listener.status();
  // To another master it looks like what a dead one left.
  const auto other = ListenOn(UnixAddress());
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(listener->Listen(8).message(),
            absl::StrCat("unix:", path(), ": its file was removed or replaced"));
  EXPECT_TRUE(Connects(UnixAddress()));
}

TEST_F(ListenerTest, ProbesWithoutListening) {
  EXPECT_TRUE(Listener::Probe(*listen::Address::Parse("127.0.0.1:0")).ok());
  const auto listener = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok());
  const absl::Status taken = Listener::Probe(listener->address());
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(taken, ListenOn(listener->address()).status());
  // Of 192.0.2.0/24, which is for documents.
  const absl::Status foreign = Listener::Probe(*listen::Address::Parse("192.0.2.1:0"));
  EXPECT_EQ(foreign.message(), "bind 192.0.2.1:0: Cannot assign requested address");
}

// Before Linux 6.16 there is no such option.
TEST_F(ListenerTest, TakesNoDescriptorsFromTheClientsOfAUnixSocket) {
  const auto listener = ListenOn(UnixAddress());
  ASSERT_TRUE(listener.ok()) << listener.status();
  int passes = 1;
  socklen_t size = sizeof(passes);
  if (::getsockopt(listener->fd(), SOL_SOCKET, /*SO_PASSRIGHTS*/ 83, &passes, &size) != 0) {
    GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
  }
  EXPECT_EQ(passes, 0);
}

TEST_F(ListenerTest, ProbesAUnixSocketWithoutATrace) {
  EXPECT_TRUE(Listener::Probe(UnixAddress()).ok());
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
  {
    const ipc::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), UnixAddress().get(), UnixAddress().size()), 0);
  }
  EXPECT_TRUE(Listener::Probe(UnixAddress()).ok());
  EXPECT_EQ(::access(path().c_str(), F_OK), 0);
}

TEST_F(ListenerTest, ProbesAUnixSocketThatSomebodyListensOn) {
  const auto listener = ListenOn(UnixAddress());
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(Listener::Probe(UnixAddress()).code(), absl::StatusCode::kAlreadyExists);
}

// As after the exec of another program: the socket is the same.
Listener Restored(const Listener& listener) {
  DescriptorKeep keep;
  const state::v1::Socket state = listener.Save(keep);
  DescriptorInheritance inheritance(keep.numbers());
  return *Listener::Restore(state, inheritance);
}

TEST_F(ListenerTest, GivesAnAddressBackThatAProgramBeforeHasReserved) {
  absl::StatusOr<Listener> before = ListenOn(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(before.ok()) << before.status();
  const listen::Address address = before->address();
  before->Reserve();
  const ipc::UniqueFd of_a_worker_that_hangs = *ipc::DuplicateFd(before->fd());
  // As in a trial beside the master, whose socket it is.
  { const Listener tried = Restored(*before); }
  EXPECT_TRUE(absl::IsAlreadyExists(Listener::Probe(address)));
  {
    Listener next = Restored(*before);
    EXPECT_FALSE(next.is_reserved());
    next.Own();
    EXPECT_TRUE(next.is_reserved());
  }
  EXPECT_EQ(Listener::Probe(address), absl::OkStatus());
}

TEST_F(ListenerTest, HasNotReservedAnAddressThatIsOnlyBound) {
  const absl::StatusOr<Listener> bound = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(bound.ok()) << bound.status();
  Listener next = Restored(*bound);
  next.Own();
  EXPECT_FALSE(next.is_reserved());
}

}  // namespace
}  // namespace muster::master
