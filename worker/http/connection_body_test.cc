// What a connection does with the bodies of requests, whose content nobody reads.

#include <cstddef>
#include <cstdint>
#include <map>
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

TEST_F(ConnectionBodyTest, HasABoundForEachLocation) {
  http().set_max_body_bytes(10);
  WriteFile("f/x", "file");
  AddRoot("/f/").set_max_body_bytes(20);
  config::v1::Location& none = *http().add_location();
  none.set_path("/none/");
  none.mutable_return_()->set_status(200);
  none.set_max_body_bytes(0);
  const auto post = [](absl::string_view path, int bytes) {
    return absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n",
                        "Content-Length: ", bytes, "\r\n\r\n");
  };
  for (const auto& [path, most] : std::map<std::string, int>{{"/", 10},
                                                             {"/f/x", 20},
                                                             {"/none/", 0},
                                                             {"http://b/f/x", 20},
                                                             {"/a/../f/x?/none/", 20}}) {
    EXPECT_EQ(Ask(post(path, most + 1)).status, 413) << path;
    const std::string chunked =
        absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(Ask(absl::StrCat(chunked, absl::Hex(most + 1), "\r\n")).status, 413) << path;
    if (most == 0) continue;
    Client client = Connect();
    EXPECT_EQ(client.Ask(post(path, most)).head, "HTTP/1.1 100 Continue\r\n") << path;
    EXPECT_GE(client.Ask(std::string(static_cast<std::size_t>(most), 'x')).status, 200) << path;
    EXPECT_NE(Ask(absl::StrCat(chunked, absl::Hex(most), "\r\n",
                               std::string(static_cast<std::size_t>(most), 'x'), "\r\n0\r\n\r\n"))
                  .status,
              413)
        << path;
  }
}

TEST_F(ConnectionBodyTest, HasTheBoundOfItsLocationForAHandler) {
  http().set_max_body_bytes(3);
  handlers()["echo"] = AnswerWith(
      [](const Request& request) { return Response{.body = std::string(request.body)}; });
  config::v1::Location& location = *http().add_location();
  location.set_path("/h/");
  location.set_handler("echo");
  location.set_max_body_bytes(5);
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde").body, "abcde");
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
                .body,
            "abcde");
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef").status, 413);
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nab\r\n4\r\n")
                .status,
            413);
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd").status, 413)
      << "of another location";
}

TEST_F(ConnectionBodyTest, HasTheBoundOfTheServiceWhereThereIsNoLocation) {
  http().mutable_location(0)->set_path("/some/");
  http().mutable_location(0)->set_max_body_bytes(1000);
  http().set_max_body_bytes(10);
  const std::string body = "HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890";
  EXPECT_EQ(Ask(absl::StrCat("POST /none ", body)).status, 413);
  EXPECT_EQ(Ask(absl::StrCat("OPTIONS * ", body)).status, 413);
  EXPECT_EQ(Ask(absl::StrCat("POST /%zz ", body)).status, 413);
  EXPECT_EQ(Ask(absl::StrCat("POST /some/ ", body)).status, 200);
}

TEST_F(ConnectionBodyTest, MayBeOfAnyLengthThatIsConfigured) {
  http().mutable_location(0)->set_max_body_bytes(UINT64_MAX);
  Client client = Connect();
  EXPECT_EQ(client
                .Ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                     "Content-Length: 18446744073709551615\r\n\r\n")
                .head,
            "HTTP/1.1 100 Continue\r\n");
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
