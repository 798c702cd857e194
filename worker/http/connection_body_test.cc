// What a connection does with the bodies of requests, whose content nobody reads.

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

class ConnectionBodyTest : public ServiceFixture {};

TEST_F(ConnectionBodyTest, ReadsPastABodyOfItsLength) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
  EXPECT_TRUE(client.IsQuiet());
  client.Send(absl::StrCat("56789", kGet));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionBodyTest, ReadsPastALargeBody) {
  http().set_max_body_bytes(10'000'000);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  client.Send(std::string(9'000'000, 'x'));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Ask(kGet).status, 200);
}

TEST_F(ConnectionBodyTest, ReadsPastAChunkedBody) {
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

TEST_F(ConnectionBodyTest, RefusesAMalformedChunk) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ConnectionBodyTest, RefusesAnOverlongBody) {
  http().set_max_body_bytes(10);
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n").status,
            413);
}

TEST_F(ConnectionBodyTest, TellsAClientThatWaitsForItToGoOn) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().head, "HTTP/1.1 100 Continue\r\n");
  EXPECT_EQ(client.Ask("12345").status, 200);
}

TEST_F(ConnectionBodyTest, RefusesABodyThatIsTooLongBeforeItIsSent) {
  Client client = Connect();
  const ClientResponse response = client.Ask(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_EQ(response.status, 413);
}

TEST_F(ConnectionBodyTest, PassesOverTrailersOfAChunkedBody) {
  Client client = Connect();
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
                           "Trailer: X\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n",
                           "Content-Length: 5\r\n\r\n", kGet));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().body, "hello");
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(ConnectionBodyTest, DoesNotTellAClientThatDidNotWait) {
  Client client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n1");
  EXPECT_TRUE(client.IsQuiet());
  EXPECT_EQ(client.Ask("2345").status, 200);
}

}  // namespace
}  // namespace muster::worker::http
