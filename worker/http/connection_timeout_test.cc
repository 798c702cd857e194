// How long a connection waits for its client.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/loop/clock.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

class ConnectionTimeoutTest : public ServiceFixture {
 protected:
  static void Set(google::protobuf::Duration& duration, std::chrono::milliseconds value) {
    duration.set_seconds(value.count() / 1000);
    duration.set_nanos(static_cast<int>(value.count() % 1000) * 1'000'000);
  }
  static constexpr std::chrono::milliseconds kSoon{30};
  static constexpr std::chrono::seconds kPatience{10};

  // Sends `pieces` again and again, never with a long pause. False: the server does not close.
  bool ClosesWhileItIsSent(Client& client, const std::vector<std::string>& pieces) {
    const loop::TimePoint start = loop::Clock::now();
    for (std::size_t i = 0; connections() > 0; ++i) {
      if (loop::Clock::now() - start > kPatience) return false;
      client.Send(pieces[i % pieces.size()]);
      RunWhatIsReady();
    }
    return true;
  }
  void ExpectTimeoutWhileItIsSent(Client& client, const std::string& piece) {
    const loop::TimePoint start = loop::Clock::now();
    ClientResponse response;
    while (response.status == 0 && loop::Clock::now() - start < kPatience) {
      client.Send(piece);
      RunWhatIsReady();
      if (client.Read()) response = client.Receive();
    }
    EXPECT_EQ(response.status, 408);
  }
};

TEST_F(ConnectionTimeoutTest, ClosesEachTimeWithoutKeepalive) {
  Set(*http().mutable_keepalive_timeout(), std::chrono::milliseconds(0));
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTimeoutTest, IsClosedInSilenceWhenItIsIdleForLong) {
  Set(*http().mutable_keepalive_timeout(), kSoon);
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionTimeoutTest, IsClosedInSilenceWhenNoRequestComesAtAll) {
  Set(*http().mutable_header_timeout(), kSoon);
  EXPECT_TRUE(Connect().IsClosed());
}

TEST_F(ConnectionTimeoutTest, IsNotHeldOpenByEmptyLinesBeforeAnyRequest) {
  Set(*http().mutable_header_timeout(), std::chrono::milliseconds(300));
  Client client = Connect();
  EXPECT_TRUE(ClosesWhileItIsSent(client, {"\r\n"}));
}

TEST_F(ConnectionTimeoutTest, IsNotHeldOpenByEmptyLinesBetweenRequests) {
  Set(*http().mutable_keepalive_timeout(), std::chrono::milliseconds(300));
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_TRUE(ClosesWhileItIsSent(client, {"\r\n", "\r\n\r\n"}));
}

TEST_F(ConnectionTimeoutTest, IsNotHeldOpenByHalvesOfEmptyLines) {
  Set(*http().mutable_keepalive_timeout(), std::chrono::milliseconds(300));
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_TRUE(ClosesWhileItIsSent(client, {"\r", "\n", "\r", "\n\r", "\n"}));
}

TEST_F(ConnectionTimeoutTest, ClosesWithTheFirstResponseAfterItsAge) {
  Set(*http().mutable_keepalive_time(), std::chrono::milliseconds(100));
  const loop::TimePoint start = loop().now();
  Client client = Connect();
  ClientResponse response;
  do {
    response = client.Ask(kGet);
    EXPECT_EQ(response.status, 200);
  } while (response.Field("Connection") != "close" &&
           loop::Clock::now() - start < std::chrono::seconds(10));
  EXPECT_EQ(response.Field("Connection"), "close");
  EXPECT_GE(loop::Clock::now() - start, std::chrono::milliseconds(100));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenAHeadIsNotCompleted) {
  Set(*http().mutable_header_timeout(), std::chrono::milliseconds(100));
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\n");
  const loop::TimePoint start = loop::Clock::now();
  // A field now and then does not help.
  ClientResponse response;
  while (response.status == 0 && loop::Clock::now() - start < std::chrono::seconds(10)) {
    client.Send("X: y\r\n");
    RunWhatIsReady();
    if (client.Read()) response = client.Receive();
  }
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.Field("Connection"), "close");
}

TEST_F(ConnectionTimeoutTest, AnswersAHeadRequestThatIsNotCompletedWithoutABody) {
  Set(*http().mutable_header_timeout(), kSoon);
  Client client = Connect();
  client.Send("HEAD / HTTP/1.1\r\n");
  EXPECT_EQ(client.Receive(/*has_body=*/false).status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenABodyIsNotCompleted) {
  Set(*http().mutable_body_timeout(), kSoon);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n123");
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenABodyComesTooSlowly) {
  Set(*http().mutable_body_timeout(), std::chrono::milliseconds(300));
  http().set_min_body_bytes_per_second(1000);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  ClientResponse response;
  while (response.status == 0) {
    // Never a pause that is too long.
    client.Send("x");
    RunWhatIsReady();
    if (client.Read()) response = client.Receive();
  }
  EXPECT_EQ(response.status, 408);
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenAChunkIsAnnouncedAndComesTooSlowly) {
  Set(*http().mutable_body_timeout(), std::chrono::milliseconds(300));
  http().set_min_body_bytes_per_second(1000);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n");
  ExpectTimeoutWhileItIsSent(client, "x");
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenOnlyWhatFramesABodyComes) {
  Set(*http().mutable_body_timeout(), std::chrono::milliseconds(300));
  http().set_min_body_bytes_per_second(0);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a");
  ExpectTimeoutWhileItIsSent(client, "b");
}

TEST_F(ConnectionTimeoutTest, WaitsForABodyThatComesAtItsPace) {
  constexpr std::chrono::milliseconds kPause(500);
  Set(*http().mutable_body_timeout(), kPause);
  http().set_min_body_bytes_per_second(1);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 151\r\n\r\n");
  const auto begin = loop::Clock::now();
  for (int i = 0; i < 150; ++i) {
    client.Send("x");
    RunWhatIsReady();
  }
  EXPECT_GT(loop::Clock::now() - begin, kPause);
  client.Send("x");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ConnectionTimeoutTest, TimesOutWhenItsClientStopsReading) {
  Set(*http().mutable_send_timeout(), kSoon);
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
}

TEST_F(ConnectionTimeoutTest, DoesNotTimeOutWhileItsClientReadsSlowly) {
  Set(*http().mutable_send_timeout(), std::chrono::milliseconds(500));
  AddRoot("/f/");
  const std::string content(20'000'000, 'x');
  WriteFile("f/large", content);
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.Receive().body == content);
}

}  // namespace
}  // namespace muster::worker::http
