// Connections in a drain: another worker goes on with them, or they are closed at the right moment.
// kept_connection_test.cc has those for which no other worker has room.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/http/handoff_state.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

// Calls once, as an event of the next round.
class Bell final : public loop::Handler {
 public:
  Bell(loop::EventLoop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {
    EXPECT_TRUE(loop_.Add(fd_.get(), EPOLLIN, this).ok());
  }
  void OnEvents(std::uint32_t) override {
    loop_.Remove(fd_.get(), this);
    call_();
  }

 private:
  loop::EventLoop& loop_;
  std::function<void()> call_;
  ipc::UniqueFd fd_{::eventfd(1, EFD_CLOEXEC)};
};

class ConnectionDrainTest : public ServiceFixture {};

TEST_F(ConnectionDrainTest, ThatIsIdleIsHandedOffAndTheClientNoticesNothing) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 1u);
  EXPECT_TRUE(client.IsQuiet());
  AdoptAll();
  const ClientResponse response = client.Ask(kGet);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Field("Connection"), "keep-alive");
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionDrainTest, TakesHalfARequestAlongWhenItIsHandedOff) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\nHos");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  client.Send("t: a\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ConnectionDrainTest, IsHandedOffWithARequestThatNobodyHasRead) {
  Client client = Connect();
  RunWhatIsReady();
  ASSERT_EQ(::send(client.fd(), kGet, sizeof(kGet) - 1, 0), sizeof(kGet) - 1);
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ConnectionDrainTest, IsHandedOffOnceTheResponseInFlightIsSent) {
  AddRoot("/f/");
  const std::string content(20'000'000, 'x');
  WriteFile("f/large", content);
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 0u);
  EXPECT_TRUE(client.Receive().body == content);
  EXPECT_TRUE(RunUntil([this] { return handed_off() == 1; }));
  AdoptAll();
  EXPECT_EQ(client.Ask(kGet).status, 200);
}

TEST_F(ConnectionDrainTest, IsHandedOffAfterTheBodyThatIsOnItsWay) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 0u);
  client.Send("cd");
  EXPECT_NE(client.Receive().status, 0);
  EXPECT_TRUE(RunUntil([this] { return handed_off() == 1; }));
}

TEST_F(ConnectionDrainTest, IsNotHandedOffWithHalfOfWhatAsksForABody) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  Client client(*this, ipc::UniqueFd(ends[1]));
  worker::Connection full;
  full.fd.reset(ends[0]);
  const std::string bytes(4096, 'x');
  std::size_t unread = 0;
  for (ssize_t n; (n = ::send(full.fd.get(), bytes.data(), bytes.size(), 0)) > 0;) {
    unread += static_cast<std::size_t>(n);
  }
  service().OnConnection(std::move(full));
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 0u);
  std::string skipped(unread, '\0');
  ASSERT_EQ(::recv(client.fd(), skipped.data(), unread, MSG_WAITALL), static_cast<ssize_t>(unread));
  EXPECT_EQ(client.Receive().head, "HTTP/1.1 100 Continue\r\n");
  EXPECT_EQ(client.Ask("12345").status, 200);
  EXPECT_TRUE(RunUntil([&] { return handed_off() == 1; }));
}

TEST_F(ConnectionDrainTest, AnswersWhatIsPipelinedBeforeItIsHandedOff) {
  Client client = Connect();
  RunWhatIsReady();
  client.Send(absl::StrCat(kGet, kGet, kGet, "GET /x"));
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Receive().body, "hello") << i;
  client.Send(" HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ConnectionDrainTest, TellsTheNextWorkerItsTimes) {
  http().mutable_header_timeout()->set_seconds(60);
  http().mutable_keepalive_timeout()->set_seconds(75);
  const loop::TimePoint before = loop().now();
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  const auto expect_deadline_in = [&](std::chrono::seconds time) {
    const auto state = HandoffState::Parse(handed_off_state());
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_GE(state->times.deadline, before + time);
    EXPECT_LE(state->times.deadline, loop::Clock::now() + time);
    EXPECT_GE(state->times.opened, before);
    EXPECT_LE(state->times.opened, state->times.deadline - time);
  };
  service().Drain(Service::Idle::kHandOff);
  expect_deadline_in(std::chrono::seconds(75));
  AdoptAll();
  Client partial = Connect();
  partial.Send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(RunUntil([this] { return handed_off() == 1; }));
  // A new connection has header_timeout until its first byte, too.
  expect_deadline_in(std::chrono::seconds(60));
}

TEST_F(ConnectionDrainTest, HasInTheNextWorkerOnlyTheRestOfTheTimeForItsHead) {
  Client client = Connect();
  client.Send("GET / HT");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_TRUE(
      AdoptWith(SerializeHandoffState(0, "GET / HT", {.deadline = loop::Clock::now()})).ok());
  EXPECT_EQ(client.Receive().status, 408);
}

TEST_F(ConnectionDrainTest, HasInTheNextWorkerOnlyTheRestOfTheTimeToBeIdle) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  // Empty lines buy it no time there, either.
  ASSERT_TRUE(AdoptWith(SerializeHandoffState(1, "\r\n\r", {.deadline = loop::Clock::now()})).ok());
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionDrainTest, IsAnsweredInTheNextWorkerIfItsTimeWasOverOnTheWay) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  client.Send(kGet);
  // In a round of the loop, so that the time is over before the socket is looked at.
  Bell bell(loop(), [&] {
    const std::string state = SerializeHandoffState(1, "", {.deadline = loop().now()});
    EXPECT_TRUE(AdoptWith(state).ok());
  });
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionDrainTest, HasNewTimeInTheNextWorkerAfterARequest) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  ASSERT_TRUE(AdoptWith(SerializeHandoffState(1, kGet, {.deadline = loop::Clock::now()})).ok());
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsQuiet());
  EXPECT_EQ(client.Ask(kGet).status, 200);
}

TEST_F(ConnectionDrainTest, KeepsItsAge) {
  http().mutable_keepalive_time()->set_seconds(60);
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "keep-alive");
  service().Drain(Service::Idle::kHandOff);
  const loop::TimePoint opened = loop::Clock::now() - std::chrono::seconds(61);
  ASSERT_TRUE(AdoptWith(SerializeHandoffState(1, "", {.opened = opened})).ok());
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionDrainTest, IsClosedWhenTheStateItCameWithIsGarbage) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(AdoptWith("garbage").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionDrainTest, InADrainFinishesWhatItSends) {
  AddRoot("/f/");
  const std::string content(20'000'000, 'x');
  WriteFile("f/large", content);
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  service().Drain(Service::Idle::kClose);
  EXPECT_TRUE(client.Receive().body == content);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionDrainTest, ThatIsIdleIsClosedAtOnceWhenNobodyServesAnyMore) {
  Client fresh = Connect();
  Client used = Connect();
  EXPECT_EQ(used.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kClose);
  EXPECT_EQ(connections(), 0u);
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_TRUE(used.IsClosed());
}

TEST_F(ConnectionDrainTest, ThatSentARequestIsAnsweredBeforeItIsClosed) {
  Client client = Connect();
  RunWhatIsReady();
  // The loop has not seen it yet.
  ASSERT_EQ(::send(client.fd(), kGet, sizeof(kGet) - 1, 0), sizeof(kGet) - 1);
  service().Drain(Service::Idle::kClose);
  const ClientResponse response = client.Receive();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionDrainTest, ThatSentHalfARequestMayCompleteIt) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\n");
  RunWhatIsReady();
  service().Drain(Service::Idle::kClose);
  EXPECT_TRUE(client.IsQuiet());
  client.Send("Host: a\r\n\r\n");
  EXPECT_EQ(client.Receive().Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionDrainTest, MayBeAnyOfManyThatAreClosedAtOnce) {
  std::vector<Client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(Connect());
  for (std::size_t i = 0; i < clients.size(); i += 2) {
    ASSERT_EQ(::send(clients[i].fd(), kGet, sizeof(kGet) - 1, 0), sizeof(kGet) - 1);
  }
  service().Drain(Service::Idle::kClose);
  for (std::size_t i = 0; i < clients.size(); i += 2) {
    EXPECT_EQ(clients[i].Receive().body, "hello") << i;
  }
  clients.clear();
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
}

}  // namespace
}  // namespace muster::worker::http
