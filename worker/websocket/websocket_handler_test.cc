#include "muster/worker/websocket/websocket_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"
#include "muster/worker/websocket/wire/client_frames.h"

namespace muster::worker::websocket {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testkit::FakeContext;
using testkit::FakeStream;

// Answers each text with it and the number of texts so far. What happens to it is in `story`.
class Counting : public SocketProtocol {
 public:
  explicit Counting(std::vector<std::string>& story) : story_(story) {}

  class Count : public SocketSession {
   public:
    Count(std::vector<std::string>& story, Socket& socket, int count)
        : story_(story), socket_(socket), count_(count) {}
    void OnText(absl::string_view text) override {
      if (text == "close me") return socket_.Close(4001, "as you wish").IgnoreError();
      socket_.SendText(absl::StrCat(text, " ", ++count_)).IgnoreError();
    }
    std::string Suspend() override { return std::to_string(count_); }
    void OnQuit() override { socket_.SendText("the end").IgnoreError(); }
    void OnClose(std::uint16_t code, absl::string_view reason) override {
      story_.push_back(absl::StrCat("closed ", code, " ", reason));
    }

   private:
    std::vector<std::string>& story_;
    Socket& socket_;
    int count_;
  };

  std::optional<http::Response> Refuse(const http::Request& request) override {
    if (request.query != "refused") return std::nullopt;
    return http::Response{.status = 401, .body = "who are you?\n"};
  }
  std::unique_ptr<SocketSession> Begin(Socket& socket, const http::Request& request) override {
    socket
        .SendText(absl::StrCat("hello ", request.path, " ",
                               request.headers.Get("Cookie").value_or("-"), " ", socket.protocol()))
        .IgnoreError();
    return std::make_unique<Count>(story_, socket, 0);
  }
  absl::StatusOr<std::unique_ptr<SocketSession>> Resume(Socket& socket,
                                                        std::string state) override {
    return std::make_unique<Count>(story_, socket, std::stoi(state));
  }

 private:
  std::vector<std::string>& story_;
};

constexpr char kRequest[] =
    "GET /ws/a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Cookie: c\r\nSec-WebSocket-Protocol: count\r\n\r\n";
constexpr char kHelloText[] = "text hello /ws/a c count";

class WebSocketHandlerTest : public ::testing::Test {
 protected:
  static constexpr char kConfig[] = R"(
    http { location { path: "/ws" handler: "count" } location { path: "/" return { body: "http" } } }
  )";

  absl::StatusOr<std::unique_ptr<Service>> TryToMake(FakeContext& context, SocketOptions options) {
    options.rules.protocols = {"count"};
    return http::MakeHttpService(
        context,
        {{"count", ServeWebSockets(
                       [this](Context&) -> absl::StatusOr<std::unique_ptr<SocketProtocol>> {
                         return std::make_unique<Counting>(story_);
                       },
                       std::move(options))}});
  }
  std::unique_ptr<Service> Make(FakeContext& context, SocketOptions options = {}) {
    auto made = TryToMake(context, std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }
  // Why it does not start; empty: it does.
  std::string StartWith(SocketOptions options) {
    return std::string(TryToMake(context_, std::move(options)).status().message());
  }
  // The frames that have come. The head of the answer to the handshake is skipped.
  static std::vector<std::string> Frames(FakeStream& client) {
    std::string received = client.Receive();
    absl::string_view rest = received;
    if (absl::StartsWith(rest, "HTTP/1.1 101")) rest = rest.substr(rest.find("\r\n\r\n") + 4);
    std::vector<std::string> frames;
    while (const auto frame = TakeServerFrame(rest)) frames.push_back(Describe(*frame));
    if (!rest.empty()) frames.push_back(absl::StrCat("rest ", rest));
    return frames;
  }

  std::vector<std::string> story_;
  FakeContext context_{kConfig};
  const std::unique_ptr<Service> service_ = Make(context_);
};

TEST_F(WebSocketHandlerTest, UpgradesAndGivesMessagesToTheSession) {
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Protocol: count\r\n"));
  EXPECT_THAT(answer, ::testing::Not(HasSubstr("Content-")));
  client.Send(Text("a") + Ping("p") + Text("b"));
  EXPECT_THAT(Frames(client), ElementsAre("text a 1", "pong p", "text b 2"));
}

TEST_F(WebSocketHandlerTest, TakesWhatCameBehindTheRequestAndAfterOtherRequests) {
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", kRequest, Text("early")));
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, ::testing::EndsWith("early 1"));
}

TEST_F(WebSocketHandlerTest, RefusesAsHttpDoesAndGoesOn) {
  FakeStream client(context_, *service_);
  client.Send("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\n"));
  std::string refused = kRequest;
  refused.insert(refused.find(" HTTP"), "?refused");
  client.Send(refused);
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 401 "));
  client.Send(kRequest);
  EXPECT_THAT(Frames(client), ElementsAre(kHelloText));
}

TEST_F(WebSocketHandlerTest, EndsWithTheClientsClose) {
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Close(1000, "bye")));
  EXPECT_THAT(Frames(client), ElementsAre(kHelloText, "close 1000"));
  EXPECT_TRUE(client.has_ended());
  EXPECT_THAT(story_, ElementsAre("closed 1000 bye"));
}

TEST_F(WebSocketHandlerTest, EndsWithTheSessionsCloseOnceTheClientHasAnswered) {
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("close me"), Text("late")));
  EXPECT_THAT(Frames(client), ElementsAre(kHelloText, "close 4001"));
  EXPECT_FALSE(client.has_ended());
  client.Send(Close(4001));
  EXPECT_TRUE(client.has_ended());
  EXPECT_THAT(story_, ElementsAre("closed 4001 "));
}

TEST_F(WebSocketHandlerTest, DoesNotWaitForEverForTheClientsClose) {
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("close me")));
  client.Receive();
  context_.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(client.has_ended());
  context_.Advance(std::chrono::seconds(10));
  EXPECT_THAT(story_, ElementsAre("closed 1006 "));
}

TEST_F(WebSocketHandlerTest, TellsThatAClientHasLeftOrBrokenTheProtocol) {
  FakeStream gone(context_, *service_);
  gone.Send(kRequest);
  gone.Leave();
  FakeStream broken(context_, *service_);
  broken.Send(absl::StrCat(kRequest, Binary("b")));
  EXPECT_THAT(Frames(broken), ElementsAre(kHelloText, "close 1003"));
  broken.Send(Encode({.rsv = 1}));
  EXPECT_TRUE(broken.has_ended());
  EXPECT_THAT(story_, ElementsAre("closed 1006 ", "closed 1002 reserved bits are set"));
}

TEST_F(WebSocketHandlerTest, PingsASilentClientAndClosesItIfNothingComes) {
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  client.Receive();
  context_.Advance(std::chrono::seconds(29));
  EXPECT_THAT(Frames(client), IsEmpty());
  context_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(Frames(client), ElementsAre("ping "));
  context_.Advance(std::chrono::seconds(29));
  client.Send(Pong());
  context_.Advance(std::chrono::seconds(30));
  EXPECT_THAT(Frames(client), ElementsAre("ping "));
  context_.Advance(std::chrono::seconds(30));
  EXPECT_THAT(Frames(client), ElementsAre("close 1001"));
  EXPECT_TRUE(client.has_ended());
}

TEST_F(WebSocketHandlerTest, GoesOnInAnotherWorkerWhereverItWasInAMessage) {
  const std::string bytes = Text("one") + Text("w\xc3", false) + Ping("p") +
                            Continuation("\xa4\xe2\x82", false) + Continuation("\xac");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto next = context_.NewGeneration();
    const std::unique_ptr<Service> old_service = Make(context_);
    const std::unique_ptr<Service> next_service = Make(*next);
    FakeStream client(context_, *old_service);
    client.Send(absl::StrCat(kRequest, bytes.substr(0, cut)));
    std::vector<std::string> frames = Frames(client);
    context_.Drain(*old_service);
    ASSERT_TRUE(client.Resume(*next, *next_service).ok()) << cut;
    client.Send(bytes.substr(cut));
    for (std::string& frame : Frames(client)) frames.push_back(std::move(frame));
    EXPECT_THAT(frames,
                ElementsAre(kHelloText, "text one 1", "pong p", "text w\xc3\xa4\xe2\x82\xac 2"))
        << cut;
  }
  EXPECT_THAT(story_, ::testing::Each("closed 1006 "));
}

TEST_F(WebSocketHandlerTest, GoesOnInTheMiddleOfAClosingHandshakeWithTheTimeThatIsLeft) {
  const auto next = context_.NewGeneration();
  const std::unique_ptr<Service> next_service = Make(*next);
  FakeStream ann(context_, *service_);
  FakeStream bob(context_, *service_);
  ann.Send(absl::StrCat(kRequest, Text("close me")));
  bob.Send(absl::StrCat(kRequest, Text("close me")));
  context_.Advance(std::chrono::seconds(6));
  context_.Drain(*service_);
  ASSERT_TRUE(ann.Resume(*next, *next_service).ok());
  ASSERT_TRUE(bob.Resume(*next, *next_service).ok());
  ann.Send(Text("late") + Close(4001));
  EXPECT_THAT(Frames(ann), ElementsAre(kHelloText, "close 4001"));
  EXPECT_TRUE(ann.has_ended());
  EXPECT_THAT(story_, ElementsAre("closed 4001 "));
  bob.Receive();
  context_.Advance(std::chrono::seconds(4));
  EXPECT_TRUE(bob.has_ended());
}

TEST_F(WebSocketHandlerTest, RefusesAClientOfAHandlerThatTheNextWorkerLacks) {
  FakeContext other(R"(http { location { path: "/" return { body: "http" } } })");
  const auto http_only = http::MakeHttpService(other, {});
  ASSERT_TRUE(http_only.ok());
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  context_.Drain(*service_);
  const absl::Status status = client.Resume(other, **http_only);
  EXPECT_EQ(status.message(), "its handler \"count\" takes no upgraded connections here");
}

TEST_F(WebSocketHandlerTest, SaysGoodbyeWhenTheServerEnds) {
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  context_.Quit(*service_);
  EXPECT_THAT(Frames(client), ElementsAre(kHelloText, "text the end", "close 1001"));
  EXPECT_TRUE(client.has_ended());
}

TEST_F(WebSocketHandlerTest, NeedsRoomForAMessageThatMoves) {
  constexpr std::uint64_t kMost = UINT64_MAX;
  for (const std::uint64_t bytes :
       {std::uint64_t{1} << 20, kMost, kMost - 1, kMost / 65 * 64, kMost - (64 << 10),
        kMost - kMost / 64, std::uint64_t{1} << 63}) {
    EXPECT_THAT(StartWith({.bounds = {.max_frame_bytes = kMost, .max_message_bytes = bytes}}),
                AllOf(HasSubstr("stream.max_session_bytes is 1048576"),
                      HasSubstr(absl::StrCat("a message of ", bytes, " bytes"))));
  }
  EXPECT_EQ(StartWith({.bounds = {.max_frame_bytes = kMost, .max_message_bytes = 900'000}}), "");
}

TEST_F(WebSocketHandlerTest, RefusesTimesThatNoClockCounts) {
  using Duration = loop::Clock::duration;
  for (const Duration time : {Duration::max(), Duration::min(), Duration(-1),
                              Duration(std::chrono::hours(24)) + Duration(1)}) {
    EXPECT_THAT(StartWith({.ping_interval = time}), HasSubstr("ping_interval must be from 0"));
    EXPECT_THAT(StartWith({.pong_timeout = time}), HasSubstr("pong_timeout must be more than 0"));
    EXPECT_EQ(StartWith({.ping_interval = Duration(0), .pong_timeout = time}), "");
  }
  EXPECT_THAT(StartWith({.pong_timeout = Duration(0)}), HasSubstr("pong_timeout"));
}

TEST_F(WebSocketHandlerTest, RefusesOriginsThatAreNone) {
  EXPECT_THAT(StartWith({.rules = {.origins = {"example.org"}}}),
              HasSubstr("rules.origins: \"example.org\" is none"));
}

}  // namespace
}  // namespace muster::worker::websocket
