// Connections in a drain: another worker goes on with them, or they are closed at the right moment.
// kept_connection_test.cc has those for which no other worker has room.

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

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
  EXPECT_EQ(response.Field("Connection"), std::nullopt);
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
