// The life of a connection, seen by its client: what is answered, when it is closed, what one
// client can take from the others.

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class ConnectionTest : public ServiceFixture {
 protected:
  static void Set(google::protobuf::Duration& duration, std::chrono::milliseconds value) {
    duration.set_seconds(value.count() / 1000);
    duration.set_nanos(static_cast<int>(value.count() % 1000) * 1'000'000);
  }
  static constexpr std::chrono::milliseconds kSoon{30};
};

TEST_F(ConnectionTest, AnswersRequestAfterRequest) {
  Client client = Connect();
  for (int i = 0; i < 3; ++i) {
    const ClientResponse response = client.Ask(kGet);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.Field("Connection"), std::nullopt);
  }
  EXPECT_TRUE(client.IsQuiet());
  EXPECT_EQ(connections(), 1u);
}

TEST_F(ConnectionTest, RefusesWithThePageThatIsConfigured) {
  config::v1::ErrorPage& page = *http().add_error_page();
  page.add_status(400);
  page.set_body("no");
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\n\r\n").body, "no");
}

TEST_F(ConnectionTest, AnswersPipelinedRequestsInOrder) {
  AddRoot("/f/");
  WriteFile("f/small", "small");
  WriteFile("f/large", std::string(500'000, 'x'));
  Client client = Connect();
  client.Send(
      "GET /f/small HTTP/1.1\r\nHost: a\r\n\r\nGET /f/large HTTP/1.1\r\nHost: a\r\n\r\n"
      "HEAD /f/small HTTP/1.1\r\nHost: a\r\n\r\nGET /f/none HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /f/sm");
  EXPECT_EQ(client.Receive().body, "small");
  EXPECT_EQ(client.Receive().body, std::string(500'000, 'x'));
  EXPECT_EQ(client.Receive(/*has_body=*/false).Field("Content-Length"), "5");
  EXPECT_EQ(client.Receive().status, 404);
  EXPECT_EQ(client.Receive().body, "hello");
  EXPECT_TRUE(client.IsQuiet());
  EXPECT_EQ(client.Ask("all HTTP/1.1\r\nHost: a\r\n\r\n").body, "small");
}

TEST_F(ConnectionTest, AnswersThousandsOfPipelinedRequests) {
  Client client = Connect();
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += kGet;
  client.Send(requests);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.Receive().body, "hello") << i;
  EXPECT_EQ(counters().requests, 5000u);
  EXPECT_EQ(counters().bytes_received, requests.size());
}

TEST_F(ConnectionTest, AnswersARequestThatComesByteByByte) {
  Client client = Connect();
  for (const char c : std::string(kGet)) {
    client.Send(std::string(1, c));
    RunWhatIsReady();
  }
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ConnectionTest, PassesOverEmptyLinesBeforeARequest) {
  Client client = Connect();
  client.Send("\r\n\r");
  RunWhatIsReady();
  EXPECT_EQ(client.Ask(absl::StrCat("\n", kGet)).body, "hello");
  EXPECT_EQ(client.Ask(absl::StrCat("\r\n", kGet)).body, "hello");
}

TEST_F(ConnectionTest, ClosesWhenTheClientAsksForIt) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const ClientResponse response = client.Receive();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionTest, DropsWhatFollowsARequestToClose) {
  Client client = Connect();
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", kGet));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(counters().requests, 1u);
}

TEST_F(ConnectionTest, ClosesAfterAResponseToHttp10) {
  Client client = Connect();
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.Receive().Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, KeepsAliveForHttp10OnRequest) {
  Client client = Connect();
  for (int i = 0; i < 2; ++i) {
    client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(client.Receive().Field("Connection"), "keep-alive");
  }
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionTest, AnswersAClientThatHasEndedItsSide) {
  Client client = Connect();
  client.Send(kGet);
  client.FinishSending();
  EXPECT_EQ(client.Receive().body, "hello");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionTest, EndsWhenTheClientGoes) {
  Client idle = Connect();
  Client partial = Connect();
  partial.Send("GET / HT");
  RunWhatIsReady();
  idle.Close();
  partial.Close();
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
}

TEST_F(ConnectionTest, RefusesAMalformedRequestAndCloses) {
  Client client = Connect();
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", kGet));
  const ClientResponse response = client.Receive();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.Field("Connection"), "close");
  EXPECT_TRUE(absl::StrContains(response.body, "400 Bad Request"));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, AnswersWhatCameBeforeAMalformedRequest) {
  Client client = Connect();
  client.Send(absl::StrCat(kGet, "nonsense\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 501);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, RefusesAMalformedTargetAndCloses) {
  for (absl::string_view target : {"/../x", "/%00", "/%zz", "/a#b", "*"}) {
    Client client = Connect();
    client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(client.Receive().status, 400) << target;
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(ConnectionTest, DoesNotReflectWhatItRefuses) {
  const ClientResponse response = Ask("GET /%<script> HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(absl::StrContains(response.body, "<script>"));
}

TEST_F(ConnectionTest, RefusesAnOverlongLineAndFields) {
  http().set_max_request_line_bytes(100);
  http().set_max_header_bytes(1000);
  EXPECT_EQ(Ask("GET /" + std::string(100, 'x')).status, 414);
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1000, 'x')).status, 431);
}

TEST_F(ConnectionTest, LetsTheClientSeeARefusalWhileItStillSends) {
  http().set_max_header_bytes(1000);
  Client client = Connect();
  // Far more than it reads before it refuses.
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1'000'000, 'x'));
  EXPECT_EQ(client.Receive().status, 431);
  client.FinishSending();
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, ReadsPastABodyOfItsLength) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
  EXPECT_TRUE(client.IsQuiet());
  client.Send(absl::StrCat("56789", kGet));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionTest, ReadsPastALargeBody) {
  http().set_max_body_bytes(10'000'000);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  client.Send(std::string(9'000'000, 'x'));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Ask(kGet).status, 200);
}

TEST_F(ConnectionTest, ReadsPastAChunkedBody) {
  Client client = Connect();
  const std::string request = absl::StrCat(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: "
      "b\r\n\r\n",
      kGet);
  client.Send(request);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
  for (const char c : request) {
    client.Send(std::string(1, c));
    RunWhatIsReady();
  }
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ConnectionTest, RefusesAMalformedChunk) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, RefusesAnOverlongBody) {
  http().set_max_body_bytes(10);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n").status,
            413);
}

TEST_F(ConnectionTest, TellsAClientThatWaitsForItToGoOn) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().head, "HTTP/1.1 100 Continue\r\n");
  EXPECT_EQ(client.Ask("12345").status, 200);
}

TEST_F(ConnectionTest, RefusesABodyThatIsTooLongBeforeItIsSent) {
  Client client = Connect();
  const ClientResponse response = client.Ask(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_EQ(response.status, 413);
}

TEST_F(ConnectionTest, PassesOverTrailersOfAChunkedBody) {
  Client client = Connect();
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
                           "Trailer: X\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n",
                           "Content-Length: 5\r\n\r\n", kGet));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().body, "hello");
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionTest, ServesAnAbsoluteTarget) {
  EXPECT_EQ(Ask("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n").body, "hello");
}

TEST_F(ConnectionTest, DoesNotTellAClientThatDidNotWait) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n1");
  EXPECT_TRUE(client.IsQuiet());
  EXPECT_EQ(client.Ask("2345").status, 200);
}

TEST_F(ConnectionTest, ClosesAfterTheRequestsThatItMayMake) {
  http().set_keepalive_requests(2);
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), std::nullopt);
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, ClosesEachTimeWithoutKeepalive) {
  Set(*http().mutable_keepalive_timeout(), std::chrono::milliseconds(0));
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, IsClosedInSilenceWhenItIsIdleForLong) {
  Set(*http().mutable_keepalive_timeout(), kSoon);
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionTest, IsClosedInSilenceWhenNoRequestComesAtAll) {
  Set(*http().mutable_header_timeout(), kSoon);
  EXPECT_TRUE(Connect().IsClosed());
}

TEST_F(ConnectionTest, TimesOutWhenAHeadIsNotCompleted) {
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

TEST_F(ConnectionTest, TimesOutWhenABodyIsNotCompleted) {
  Set(*http().mutable_body_timeout(), kSoon);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n123");
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, TimesOutWhenABodyComesTooSlowly) {
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

TEST_F(ConnectionTest, WaitsForABodyThatComesAtItsPace) {
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

TEST_F(ConnectionTest, TimesOutWhenItsClientStopsReading) {
  Set(*http().mutable_send_timeout(), kSoon);
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
}

TEST_F(ConnectionTest, DoesNotTimeOutWhileItsClientReadsSlowly) {
  Set(*http().mutable_send_timeout(), std::chrono::milliseconds(500));
  AddRoot("/f/");
  const std::string content(20'000'000, 'x');
  WriteFile("f/large", content);
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.Receive().body == content);
}

TEST_F(ConnectionTest, StopsReadingFromAClientThatStopsReading) {
  http().mutable_location(0)->mutable_return_()->set_body(std::string(60'000, 'x'));
  Client client = Connect();
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += kGet;
  std::size_t sent_bytes = 0;
  // Until neither side takes anything any more.
  for (int quiet = 0; quiet < 50;) {
    RunWhatIsReady();
    const ssize_t sent = ::send(client.fd(), requests.data(), requests.size(), MSG_DONTWAIT);
    quiet = sent > 0 ? 0 : quiet + 1;
    if (sent > 0) sent_bytes += static_cast<std::size_t>(sent);
    ASSERT_LT(sent_bytes, 100'000'000u) << "it reads without end";
  }
  // What was read and not answered fits into its buffers; the rest waits in the kernel.
  const std::uint64_t answered = counters().requests;
  EXPECT_LT(counters().bytes_received, answered * (sizeof(kGet) - 1) + 3 * 65536);
  // Nothing is lost.
  for (std::uint64_t i = 0; i < answered + 100; ++i) {
    ASSERT_EQ(client.Receive().body.size(), 60'000u) << i;
  }
}

TEST_F(ConnectionTest, ServesOthersWhileOneIsBlocked) {
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client blocked = Connect();
  blocked.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  EXPECT_EQ(counters().writing, 1u);
  EXPECT_EQ(Ask(kGet).status, 200);
}

TEST_F(ConnectionTest, EndsWhenTheClientGoesWhileItIsServed) {
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  client.Close();
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
}

TEST_F(ConnectionTest, IsCountedByWhatItDoes) {
  Client idle = Connect();
  Client reading = Connect();
  reading.Send("GET / HT");
  Client in_body = Connect();
  in_body.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  RunWhatIsReady();
  EXPECT_EQ(counters().waiting, 1u);
  EXPECT_EQ(counters().reading, 2u);
  EXPECT_EQ(counters().writing, 0u);
  idle.Close();
  reading.Close();
  in_body.Close();
  EXPECT_TRUE(RunUntil([this] { return connections() == 0; }));
  EXPECT_EQ(counters().waiting, 0u);
  EXPECT_EQ(counters().reading, 0u);
  EXPECT_EQ(counters().writing, 0u);
}

TEST_F(ConnectionTest, ThatIsIdleIsHandedOffAndTheClientNoticesNothing) {
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

TEST_F(ConnectionTest, TakesHalfARequestAlongWhenItIsHandedOff) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\nHos");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  client.Send("t: a\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ConnectionTest, IsHandedOffWithARequestThatNobodyHasRead) {
  Client client = Connect();
  RunWhatIsReady();
  ASSERT_EQ(::send(client.fd(), kGet, sizeof(kGet) - 1, 0), sizeof(kGet) - 1);
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ConnectionTest, IsHandedOffOnceTheResponseInFlightIsSent) {
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

TEST_F(ConnectionTest, IsHandedOffAfterTheBodyThatIsOnItsWay) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 0u);
  client.Send("cd");
  EXPECT_NE(client.Receive().status, 0);
  EXPECT_TRUE(RunUntil([this] { return handed_off() == 1; }));
}

TEST_F(ConnectionTest, IsNotHandedOffWithHalfOfWhatAsksForABody) {
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

TEST_F(ConnectionTest, AnswersWhatIsPipelinedBeforeItIsHandedOff) {
  Client client = Connect();
  RunWhatIsReady();
  client.Send(absl::StrCat(kGet, kGet, kGet, "GET /x"));
  service().Drain(Service::Idle::kHandOff);
  AdoptAll();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Receive().body, "hello") << i;
  client.Send(" HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ConnectionTest, IsClosedWhenTheStateItCameWithIsGarbage) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(AdoptWith("garbage").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(ConnectionTest, InADrainFinishesWhatItSends) {
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

TEST_F(ConnectionTest, ThatIsIdleIsClosedAtOnceWhenNobodyServesAnyMore) {
  Client fresh = Connect();
  Client used = Connect();
  EXPECT_EQ(used.Ask(kGet).status, 200);
  service().Drain(Service::Idle::kClose);
  EXPECT_EQ(connections(), 0u);
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_TRUE(used.IsClosed());
}

TEST_F(ConnectionTest, ThatSentARequestIsAnsweredBeforeItIsClosed) {
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

TEST_F(ConnectionTest, ThatSentHalfARequestMayCompleteIt) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\n");
  RunWhatIsReady();
  service().Drain(Service::Idle::kClose);
  EXPECT_TRUE(client.IsQuiet());
  client.Send("Host: a\r\n\r\n");
  EXPECT_EQ(client.Receive().Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionTest, MayBeAnyOfManyThatAreClosedAtOnce) {
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
