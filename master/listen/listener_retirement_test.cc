#include "muster/master/listen/listener_retirement.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set_fixture.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/handoff.pb.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ListenerRetirementTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A set with one socket that listens.
  static ListenerSet SetOf(const std::string& address) {
    ListenerSet set = *ListenerSet::Make(ConfigWith({address}), 1, {});
    EXPECT_TRUE(set.Listen().ok());
    return set;
  }
  static const std::shared_ptr<Listener> SocketOf(const ListenerSet& set) {
    return set.sockets().at(0);
  }
  // A client that does not wait, whose connect has begun.
  static ipc::UniqueFd Client(const listen::Address& address) {
    ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(fd.get(), address.get(), address.size()) != 0) {
      EXPECT_TRUE(errno == EINPROGRESS) << errno;
    }
    return fd;
  }
  // EINPROGRESS: not yet.
  static int ConnectErrorOf(const ipc::UniqueFd& client, const listen::Address& address) {
    return ::connect(client.get(), address.get(), address.size()) == 0 || errno == EISCONN ? 0
                                                                                           : errno;
  }
  // Whether the connect of a client that has just begun is not over, as it is at once on loopback.
  static bool IsHeldOff(const ipc::UniqueFd& client, const listen::Address& address) {
    return ConnectErrorOf(client, address) == EALREADY;
  }
  static int ErrorOfConnect(const listen::Address& address) {
    const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.get(), address.size()) == 0 ? 0 : errno;
  }
  static bool Binds(const listen::Address& address) {
    const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    return ::bind(fd.get(), address.get(), address.size()) == 0 && ::listen(fd.get(), 1) == 0;
  }
  bool IsOver() const { return retirement_.sockets().sockets().empty(); }

  char folder_[32] = "/tmp/muster-retire-XXXXXX";
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  bool can_give_ = true;
  bool is_wanted_back_ = false;
  std::vector<ipc::UniqueFd> given_;
  std::vector<std::string> states_;  // of them
  std::vector<std::string> closed_;
  int over_ = 0;  // how often it was told
  ListenerRetirement retirement_{
      *loop_,
      {.give =
           [this](int connection, const std::string& state) {
             if (!can_give_) return false;
             states_.push_back(state);
             given_.push_back(*ipc::DuplicateFd(connection));
             return true;
           },
       .is_wanted_back = [this](const Listener&) { return is_wanted_back_; },
       .closed =
           [this](const std::string& address, std::size_t connections) {
             closed_.push_back(absl::StrCat(connections, " at ", address));
           },
       .over = [this] { ++over_; }}};
};

TEST_F(ListenerRetirementTest, GivesWhoWaitsHoldsOffOthersAndThenRefuses) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  const ipc::UniqueFd early = Client(address);
  retirement_.Begin(std::exchange(set, ListenerSet()));
  ipc::UniqueFd late;
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsHeldOff(late = Client(address), address); }));
  EXPECT_FALSE(IsOver());
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  ASSERT_FALSE(given_.empty());
  ASSERT_EQ(::send(early.get(), "x", 1, MSG_NOSIGNAL), 1);
  char byte = 0;
  EXPECT_EQ(::recv(given_[0].get(), &byte, 1, 0), 1);
  EXPECT_EQ(ErrorOfConnect(address), ECONNREFUSED);
  // It was told nothing until its second try found that nobody listens.
  ASSERT_TRUE(
      loop::RunUntil(*loop_, [&] { return ConnectErrorOf(late, address) == ECONNREFUSED; }));
  EXPECT_THAT(closed_, IsEmpty());
  EXPECT_TRUE(Binds(address));
}

TEST_F(ListenerRetirementTest, TellsOnceWhenTheLastHasComeToItsEnd) {
  retirement_.Begin(SetOf("127.0.0.1:0"));
  EXPECT_TRUE(retirement_.is_under_way());
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(100)).ok());
  retirement_.Begin(SetOf("127.0.0.1:0"));
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return over_ > 0; }));
  EXPECT_TRUE(IsOver());
  EXPECT_FALSE(retirement_.is_under_way());
  retirement_.Begin(ListenerSet());
  EXPECT_EQ(over_, 1);
}

TEST_F(ListenerRetirementTest, TellsByWhichListenerWhoWaitsHasCome) {
  config::v1::Config config = ConfigWith({"127.0.0.1:0"});
  config.mutable_listen(0)->set_name("behind");
  config.mutable_listen(0)->mutable_proxy_protocol()->add_from("127.0.0.1");
  ListenerSet set = *ListenerSet::Make(config, 1, ListenerSet());
  ASSERT_TRUE(set.Listen().ok());
  const ipc::UniqueFd client = Client(SocketOf(set)->address());
  retirement_.Begin(std::exchange(set, ListenerSet()));
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !given_.empty(); }));
  worker::v1::FreshConnection state;
  ASSERT_TRUE(state.ParseFromString(states_.at(0)));
  EXPECT_EQ(state.listener().name(), "behind");
  EXPECT_EQ(state.listener().proxy_protocol().from(0), "127.0.0.1");
  EXPECT_GT(state.accepted(), 0);
}

TEST_F(ListenerRetirementTest, GivesWhoseHandshakeHadBegun) {
  for (const char* where : {"127.0.0.1:0", "[::1]:0"}) {
    ListenerSet set = SetOf(where);
    const listen::Address address = SocketOf(set)->address();
    // The handshake is not over for the server before the client sends something.
    const int seconds = 60;
    ASSERT_EQ(
        ::setsockopt(SocketOf(set)->fd(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)),
        0);
    const ipc::UniqueFd client = Client(address);
    retirement_.Begin(std::exchange(set, ListenerSet()));
    ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsHeldOff(Client(address), address); }));
    // Those that were not held off.
    ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(10)).ok());
    given_.clear();
    ASSERT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
    ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !given_.empty(); }));
    EXPECT_FALSE(IsOver());
    // Nothing of the listener is left to it.
    ASSERT_EQ(::send(client.get(), "y", 1, MSG_NOSIGNAL), 1);
    char bytes[2] = {};
    EXPECT_TRUE(loop::RunUntil(
        *loop_, [&] { return ::recv(given_[0].get(), bytes, sizeof(bytes), MSG_PEEK) == 2; }));
    const int none = 0;
    EXPECT_EQ(::setsockopt(given_[0].get(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)), -1);
    EXPECT_EQ(errno, ENOENT);
  }
}

TEST_F(ListenerRetirementTest, EndsASocketOfWhichAWorkerStillHasADuplicate) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  const ipc::UniqueFd duplicate = *ipc::DuplicateFd(SocketOf(set)->fd());
  retirement_.Begin(std::exchange(set, ListenerSet()));
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  EXPECT_EQ(ErrorOfConnect(address), ECONNREFUSED);
  EXPECT_TRUE(Binds(address));
}

TEST_F(ListenerRetirementTest, ReservesTheAddressOfASocketThatIsWantedBack) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  is_wanted_back_ = true;
  retirement_.Begin(set);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  EXPECT_EQ(ErrorOfConnect(address), ECONNREFUSED);
  EXPECT_FALSE(Binds(address));
  EXPECT_FALSE(Binds(*listen::Address::Parse(absl::StrCat("*:", address.port()))));
  ASSERT_TRUE(set.Listen().ok());
  const ipc::UniqueFd client = Client(address);
  EXPECT_EQ(ConnectErrorOf(client, address), 0);
}

TEST_F(ListenerRetirementTest, LetsGoOfASocketThatAdmitsClientsAgain) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  retirement_.Begin(set);
  EXPECT_EQ(retirement_.sockets().sockets(), set.sockets());
  ASSERT_TRUE(set.Listen().ok());
  retirement_.Release();
  EXPECT_TRUE(IsOver());
  const ipc::UniqueFd client = Client(address);
  ASSERT_EQ(ConnectErrorOf(client, address), 0);
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(10)).ok());
  EXPECT_THAT(given_, IsEmpty());
}

TEST_F(ListenerRetirementTest, GoesOnAfterAnAttemptToListenThatWasTakenBack) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  retirement_.Begin(set);
  {
    ListenAttempt attempt;
    ASSERT_TRUE(set.Listen(attempt, {}).ok());
    EXPECT_FALSE(SocketOf(set)->is_retired());
  }
  EXPECT_TRUE(SocketOf(set)->is_retired());
  const ipc::UniqueFd client = Client(address);
  EXPECT_NE(ConnectErrorOf(client, address), 0);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  EXPECT_EQ(ErrorOfConnect(address), ECONNREFUSED);
}

TEST_F(ListenerRetirementTest, TriesAgainUntilAConnectionIsTaken) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const ipc::UniqueFd client = Client(SocketOf(set)->address());
  can_give_ = false;
  retirement_.Begin(std::exchange(set, ListenerSet()));
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(10)).ok());
  can_give_ = true;
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !given_.empty(); }));
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(ListenerRetirementTest, TellsHowManyNobodyTook) {
  ListenerSet set = SetOf("127.0.0.1:0");
  const listen::Address address = SocketOf(set)->address();
  const ipc::UniqueFd client = Client(address);
  const ipc::UniqueFd other = Client(address);
  can_give_ = false;
  retirement_.Begin(std::exchange(set, ListenerSet()));
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  EXPECT_THAT(closed_, ElementsAre("2 at " + address.ToString()));
  EXPECT_EQ(ErrorOfConnect(address), ECONNREFUSED);
}

TEST_F(ListenerRetirementTest, RemovesTheFileOfAUnixSocketFirst) {
  const std::string path = absl::StrCat(folder_, "/s");
  ListenerSet set = SetOf("unix:" + path);
  const listen::Address address = SocketOf(set)->address();
  const ipc::UniqueFd client = Client(address);
  retirement_.Begin(std::exchange(set, ListenerSet()));
  EXPECT_FALSE(std::filesystem::exists(path));
  // Another one may be there at once.
  const ListenerSet next = SetOf("unix:" + path);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return IsOver(); }));
  EXPECT_EQ(given_.size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(ErrorOfConnect(address), 0);
}

}  // namespace
}  // namespace muster::master
