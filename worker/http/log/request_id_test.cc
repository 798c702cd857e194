// The X-Request-ID of all kinds of responses, in their heads and in the access log.

#include <fstream>
#include <iterator>
#include <memory>
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

class RequestIdTest : public ServiceFixture {
 protected:
  RequestIdTest() {
    AddRoot("/f/");
    WriteFile("f/small", "small");
    WriteFile("f/large", std::string(2'000'000, 'x'));
    handlers()["echo"] = AnswerWith(
        [](const Request& request) { return Response{.body = std::string(request.id)}; });
    handlers()["streaming"] = [this](worker::Context&) {
      return std::make_unique<Streaming>(*this);
    };
    handlers()["taking"] = [](worker::Context&) { return std::make_unique<Taking>(); };
    for (const std::string name : {"echo", "streaming", "taking"}) {
      config::v1::Location& location = *http().add_location();
      location.set_path("/" + name);
      location.set_handler(name);
    }
    SetLog("$request_id $request_uri $status");
  }
  void SetLog(const std::string& format) {
    http().mutable_access_log()->set_path(root() / "access.log");
    http().mutable_access_log()->set_format(format);
  }
  std::string Logged() const {
    std::ifstream file(root() / "access.log", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static std::string Get(const std::string& target, const std::string& id) {
    return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\nX-Request-ID: ", id, "\r\n\r\n");
  }

 private:
  struct Streaming : public Handler {
    explicit Streaming(RequestIdTest& t) : test(t) {}
    void Handle(const Request& request, Reply reply) override {
      StreamedReply stream = reply.Begin({.body = std::string(request.id)});
      stream.End();
    }
    RequestIdTest& test;
  };
  struct Taking : public Handler {
    bool TakesBodyInPieces() const override { return true; }
    void Handle(const Request&, Reply reply) override { kept.emplace(std::move(reply)); }
    std::optional<Reply> kept;
  };
};

TEST_F(RequestIdTest, IsInEachResponseAndInItsLine) {
  for (const auto& [target, status] : std::vector<std::pair<std::string, int>>{
           {"/", 200}, {"/f/small", 200}, {"/f/large", 200}, {"/f/missing", 404}, {"/echo", 200}}) {
    const ClientResponse response = Ask(Get(target, "id-of-this"));
    EXPECT_EQ(response.status, status) << target;
    EXPECT_EQ(response.Field("X-Request-ID"), "id-of-this") << target;
    ASSERT_TRUE(RunUntil([&, line = absl::StrCat("id-of-this ", target, " ", status, "\n")] {
      return absl::EndsWith(Logged(), line);
    })) << target;
  }
}

TEST_F(RequestIdTest, IsKnownToHandlers) {
  EXPECT_EQ(Ask(Get("/echo", "id-of-this")).body, "id-of-this");
}

TEST_F(RequestIdTest, IsInAResponseInPieces) {
  Client client = Connect();
  client.Send(Get("/streaming", "abc"));
  const std::string all =
      client.Await([](const std::string& bytes) { return absl::EndsWith(bytes, "\r\n0\r\n\r\n"); });
  EXPECT_TRUE(absl::StartsWith(all, "HTTP/1.1 200 OK\r\nX-Request-ID: abc\r\n")) << all;
  EXPECT_TRUE(absl::EndsWith(all, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) << all;
  EXPECT_EQ(Logged(), "abc /streaming 200\n");
}

TEST_F(RequestIdTest, IsThatOfTheLogWhateverElseSetsTheField) {
  config::v1::Header& header = *http().add_header();
  header.set_name("X-Request-Id");
  header.set_value("configured");
  header.set_always(true);
  handlers()["own"] = AnswerWith([](const Request&) {
    return Response{.body = "own", .headers = {{"x-request-id", "own"}, {"X-Other", "1"}}};
  });
  config::v1::Location& location = *http().add_location();
  location.set_path("/own");
  location.set_handler("own");
  for (const std::string target :
       {"/", "/own", "/f/small", "/f/large", "/f/missing", "/streaming"}) {
    Client client = Connect();
    client.Send(Get(target, "abc"));
    const std::string& head =
        client.Await([](const std::string& bytes) { return absl::StrContains(bytes, "\r\n\r\n"); });
    EXPECT_TRUE(absl::StrContains(head, "\r\nX-Request-ID: abc\r\n")) << head;
    EXPECT_FALSE(absl::StrContains(head, "onfigured")) << head;
    EXPECT_FALSE(absl::StrContains(head, "x-request-id")) << head;
  }
}

TEST_F(RequestIdTest, OfOthersIsLeftIfNoLogTellsOne) {
  SetLog("$status");
  config::v1::Header& header = *http().add_header();
  header.set_name("X-Request-Id");
  header.set_value("configured");
  EXPECT_EQ(Ask(kGet).Field("X-Request-ID"), "configured");
}

TEST_F(RequestIdTest, IsMadeForEachOfTheOthers) {
  Client client = Connect();
  client.Send(absl::StrCat(kGet, Get("/", "mine"), kGet));
  const ClientResponse one = client.Receive();
  const ClientResponse two = client.Receive();
  const ClientResponse three = client.Receive();
  EXPECT_EQ(one.body + two.body + three.body, "hellohellohello");
  EXPECT_EQ(one.Field("X-Request-ID")->size(), 32u);
  EXPECT_EQ(two.Field("X-Request-ID"), "mine");
  EXPECT_NE(one.Field("X-Request-ID"), three.Field("X-Request-ID"));
  EXPECT_EQ(Logged(), absl::StrCat(*one.Field("X-Request-ID"), " / 200\nmine / 200\n",
                                   *three.Field("X-Request-ID"), " / 200\n"));
}

TEST_F(RequestIdTest, IsMadeForARefusedRequest) {
  const ClientResponse response = Ask("GET / HTTP/1.1\r\nX-Request-ID: abc\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  const std::optional<std::string> id = response.Field("X-Request-ID");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->size(), 32u);
  EXPECT_EQ(Logged(), absl::StrCat(*id, " / 400\n"));
}

TEST_F(RequestIdTest, IsThatOfItsHandlerIfItsBodyIsRefused) {
  Client client = Connect();
  client.Send(
      "POST /taking HTTP/1.1\r\nHost: a\r\nX-Request-ID: abc\r\nTransfer-Encoding: "
      "chunked\r\n\r\nx");
  const ClientResponse response = client.Receive();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.Field("X-Request-ID"), "abc");
  EXPECT_EQ(Logged(), "abc /taking 400\n");
}

TEST_F(RequestIdTest, IsOnlyThereIfALogTellsIt) {
  SetLog("$status");
  const ClientResponse response = Ask(Get("/echo", "abc"));
  EXPECT_FALSE(response.Field("X-Request-ID").has_value());
  EXPECT_EQ(response.body, "");
}

}  // namespace
}  // namespace muster::worker::http
