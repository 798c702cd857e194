// The life of a connection, seen by its client: what is answered, when it is closed, what one
// client can take from the others.

#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

class ConnectionTest : public ServiceFixture {};

TEST_F(ConnectionTest, AnswersRequestAfterRequest) {
  Client client = Connect();
  for (int i = 0; i < 3; ++i) {
    const ClientResponse response = client.Ask(kGet);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.Field("Connection"), "keep-alive");
    EXPECT_EQ(response.Field("Keep-Alive"), "timeout=74");
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

TEST_F(ConnectionTest, SaysNothingOfKeepingThatIsTooShortToHeed) {
  http().mutable_keepalive_timeout()->set_seconds(1);
  const ClientResponse response = Ask(kGet);
  EXPECT_EQ(response.Field("Connection"), std::nullopt);
  EXPECT_EQ(response.Field("Keep-Alive"), std::nullopt);
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
    const ClientResponse response = client.Receive();
    EXPECT_EQ(response.Field("Connection"), "keep-alive");
    EXPECT_EQ(response.Field("Keep-Alive"), "timeout=74");
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

TEST_F(ConnectionTest, RefusesAHeadRequestWithoutABody) {
  http().set_max_request_line_bytes(100);
  http().set_max_header_bytes(300);
  http().set_max_body_bytes(10);
  const std::string long_text(400, 'x');
  const std::string head = "HEAD / HTTP/1.1\r\nHost: a\r\n";
  for (const auto& [request, status] : std::vector<std::pair<std::string, int>>{
           {head + "Host: b\r\n\r\n", 400},
           {head + " folded\r\n\r\n", 400},
           {"HEAD /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"HEAD * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"HEAD /a b HTTP/1.1\r\n\r\n", 400},
           {head + "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400},
           {head + "Content-Length: 11\r\n\r\n", 413},
           {head + "Transfer-Encoding: chunked\r\n\r\nb\r\n", 413},
           {"HEAD /" + long_text + " HTTP/1.1\r\n\r\n", 414},
           {head + "Expect: tea\r\n\r\n", 417},
           {head + "X: " + long_text + "\r\n\r\n", 431},
           {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
           {"HEAD / HTTP/2.0\r\nHost: a\r\n\r\n", 505}}) {
    Client client = Connect();
    client.Send(absl::StrCat("\r\n", request));
    const ClientResponse response = client.Receive(/*has_body=*/false);
    EXPECT_EQ(response.status, status) << request;
    EXPECT_NE(response.Field("Content-Length"), std::nullopt) << request;
    EXPECT_TRUE(client.IsClosed()) << request;
  }
}

TEST_F(ConnectionTest, AdmitsBytesBeyondAsciiIfThatIsConfigured) {
  const std::string request = "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(Ask(request).status, 400);
  Stop();
  http().set_allow_non_ascii_targets(true);
  EXPECT_EQ(Ask(request).status, 200);
}

TEST_F(ConnectionTest, AnswersALaterMinorVersionAs11) {
  Client client = Connect();
  EXPECT_EQ(client.Ask("GET / HTTP/1.9\r\nHost: a\r\n\r\n").head.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(client.IsQuiet());
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

TEST_F(ConnectionTest, ServesAnAbsoluteTarget) {
  EXPECT_EQ(Ask("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n").body, "hello");
}

TEST_F(ConnectionTest, ClosesAfterTheRequestsThatItMayMake) {
  http().set_keepalive_requests(2);
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "keep-alive");
  EXPECT_EQ(client.Ask(kGet).Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
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

}  // namespace
}  // namespace muster::worker::http
