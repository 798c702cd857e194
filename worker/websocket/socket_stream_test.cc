#include "muster/worker/websocket/socket_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"
#include "muster/worker/websocket/websocket_handler.h"
#include "muster/worker/websocket/wire/client_frames.h"

namespace muster::worker::websocket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testkit::FakeContext;
using testkit::FakeStream;

// What a session does, as the test says.
struct Script {
  std::function<void(const http::Request&)> on_begin = [](const http::Request&) {};
  std::function<void(Socket&, absl::string_view)> on_text = [](Socket&, absl::string_view) {};
  std::function<void(Socket&)> on_destruction = [](Socket&) {};
};

class Scripted : public SocketProtocol {
 public:
  explicit Scripted(const Script& script) : script_(script) {}

  class ScriptedSession : public SocketSession {
   public:
    ScriptedSession(const Script& script, Socket& socket) : script_(script), socket_(socket) {}
    ~ScriptedSession() override { script_.on_destruction(socket_); }
    void OnText(absl::string_view text) override { script_.on_text(socket_, text); }
    std::string Suspend() override { return ""; }

   private:
    const Script& script_;
    Socket& socket_;
  };

  std::unique_ptr<SocketSession> Begin(Socket& socket, const http::Request& request) override {
    script_.on_begin(request);
    return std::make_unique<ScriptedSession>(script_, socket);
  }
  absl::StatusOr<std::unique_ptr<SocketSession>> Resume(Socket& socket, std::string) override {
    return std::make_unique<ScriptedSession>(script_, socket);
  }

 private:
  const Script& script_;
};

class SocketStreamTest : public ::testing::Test {
 protected:
  static constexpr char kRequest[] =
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

  std::unique_ptr<Service> Make() { return Make(context_); }
  std::unique_ptr<Service> Make(FakeContext& context) {
    auto made = http::MakeHttpService(
        context,
        {{"scripted",
          ServeWebSockets([this](Context&) -> absl::StatusOr<std::unique_ptr<SocketProtocol>> {
            return std::make_unique<Scripted>(script_);
          })}});
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }
  static std::vector<std::string> Frames(FakeStream& client) {
    const std::string received = client.Receive();
    absl::string_view rest = received;
    std::vector<std::string> frames;
    while (const auto frame = TakeServerFrame(rest)) frames.push_back(Describe(*frame));
    if (!rest.empty()) frames.push_back(absl::StrCat("rest ", rest));
    return frames;
  }

  Script script_;
  FakeContext context_{R"(
    stream { max_unsent_bytes: 1000000 }
    http {
      location { path: "/ws" handler: "scripted" }
      access_log { path: "/dev/null" format: "$request_id" }
    }
  )"};
  const std::unique_ptr<Service> service_ = Make();
};

TEST_F(SocketStreamTest, BeginsWithTheIdOfTheRequest) {
  std::string id;
  script_.on_begin = [&id](const http::Request& request) { id = std::string(request.id); };
  std::string request = kRequest;
  request.insert(request.size() - 2, "X-Request-ID: one-of-many\r\n");
  FakeStream client(context_, *service_);
  client.Send(request);
  EXPECT_EQ(id, "one-of-many");
}

TEST_F(SocketStreamTest, GivesNoMoreMessagesWhileTheClientHasNotTakenTheAnswers) {
  int texts = 0;
  script_.on_text = [&texts](Socket& socket, absl::string_view) {
    ++texts;
    socket.SendBinary(std::string(200'000, 'x'));
  };
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  client.Receive();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests.append(Text("more"));
  client.Send(requests);
  EXPECT_LT(texts, 10);
  EXPECT_GT(client.Receive().size(), 50u * 200'000u);
  EXPECT_EQ(texts, 50);
  EXPECT_FALSE(client.has_ended());
}

TEST_F(SocketStreamTest, GivesNothingToASessionThatHasAborted) {
  std::vector<std::string> texts;
  script_.on_text = [&texts](Socket& socket, absl::string_view text) {
    texts.emplace_back(text);
    socket.Abort();
  };
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("one"), Text("two")));
  EXPECT_THAT(texts, ElementsAre("one"));
}

TEST_F(SocketStreamTest, AwaitsNoPongFromAClientThatIsNotRead) {
  Socket* paused = nullptr;
  script_.on_text = [&paused](Socket& socket, absl::string_view) {
    paused = &socket;
    socket.Pause();
  };
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("pause")));
  client.Receive();
  context_.Advance(std::chrono::seconds(100));
  client.Send(Pong());
  ASSERT_FALSE(client.has_ended());
  paused->Resume();
  context_.RunReady();
  EXPECT_FALSE(client.has_ended());
  EXPECT_THAT(Frames(client), IsEmpty());
  context_.Advance(std::chrono::seconds(30));
  EXPECT_THAT(Frames(client), ElementsAre("ping "));
  context_.Advance(std::chrono::seconds(30));
  EXPECT_THAT(Frames(client), ElementsAre("close 1001"));
}

TEST_F(SocketStreamTest, AwaitsNoPongFromAClientThatTakesItsOutputSlowly) {
  script_.on_text = [](Socket& socket, absl::string_view) {
    socket.SendBinary(std::string(900'000, 'x'));
  };
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  client.Receive();
  context_.Advance(std::chrono::seconds(29));
  client.Send(Text("much"));
  std::size_t received = 0;
  for (int i = 0; i < 8; ++i) {
    received += client.ReceiveSome(100'000).size();
    context_.Advance(std::chrono::seconds(20));
  }
  EXPECT_EQ(received, 800'000u);
  const std::string rest = client.Receive();
  EXPECT_GE(received + rest.size(), 900'000u);
  EXPECT_FALSE(client.has_ended());
}

TEST_F(SocketStreamTest, ClosesAClientWhoseFrameDoesNotComeToItsEnd) {
  const std::string frame = Binary(std::string(200, 'x'));
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  client.Receive();
  for (const std::size_t begun : {1, 3, 7, 9}) {
    FakeStream other(context_, *service_);
    other.Send(kRequest);
    other.Receive();
    other.Send(frame.substr(0, begun));
    std::size_t sent = begun;
    std::vector<std::string> frames;
    for (; sent < 100; ++sent) {
      context_.Advance(std::chrono::seconds(10));
      frames = Frames(other);
      if (!frames.empty()) break;
      other.Send(frame.substr(sent, 1));
    }
    EXPECT_EQ(sent, begun + 5) << "within 60 seconds";
    EXPECT_THAT(frames, ElementsAre("close 1008"));
    EXPECT_TRUE(other.has_ended());
  }
  // One between two frames is asked whether it is there, and no more.
  client.Send(Text("a", /*is_final=*/false));
  for (int i = 0; i < 30; ++i) {
    context_.Advance(std::chrono::seconds(20));
    client.Send(Pong());
  }
  client.Send(Continuation("b"));
  EXPECT_FALSE(client.has_ended());
}

TEST_F(SocketStreamTest, GivesALongFrameTheTimeOfItsPace) {
  std::size_t got = 0;
  script_.on_text = [&got](Socket&, absl::string_view text) { got = text.size(); };
  const std::string frame = Text(std::string(50'000, 'x'));
  FakeStream client(context_, *service_);
  client.Send(kRequest);
  for (std::size_t at = 0; at < frame.size(); at += 2570) {
    client.Send(frame.substr(at, 2570));
    context_.Advance(std::chrono::seconds(10));
  }
  EXPECT_EQ(got, 50'000u) << "after 190 seconds";
}

TEST_F(SocketStreamTest, CountsOnlyTheTimeInWhichItReadsTheClient) {
  Socket* socket = nullptr;
  script_.on_text = [&socket](Socket& its, absl::string_view) {
    socket = &its;
    its.Pause();
  };
  const std::string frame = Text(std::string(100, 'x'));
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("pause"), frame.substr(0, 10)));
  client.Receive();
  int read_seconds = 0;
  std::size_t sent = 10;
  std::vector<std::string> frames;
  while (frames.empty() && read_seconds < 1000) {
    context_.Advance(std::chrono::seconds(1000));
    EXPECT_THAT(Frames(client), IsEmpty()) << "it is paused";
    client.Send(frame.substr(sent++, 1));
    socket->Resume();
    context_.RunReady();
    context_.Advance(std::chrono::seconds(5));
    read_seconds += 5;
    frames = Frames(client);
    if (frames.empty()) socket->Pause();
  }
  EXPECT_EQ(read_seconds, 60) << "a pause now and then gives no more time";
  EXPECT_THAT(frames, ElementsAre("close 1008"));
}

TEST_F(SocketStreamTest, PingsAClientThatIsPausedNowAndThen) {
  Socket* socket = nullptr;
  script_.on_text = [&socket](Socket& its, absl::string_view) { socket = &its; };
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("begin")));
  client.Receive();
  std::vector<std::string> frames;
  int read_seconds = 0;
  while (frames.size() < 2 && read_seconds < 1000) {
    context_.Advance(std::chrono::seconds(6));
    read_seconds += 6;
    for (std::string& frame : Frames(client)) frames.push_back(std::move(frame));
    if (frames.size() == 2) break;
    socket->Pause();
    context_.Advance(std::chrono::seconds(600));
    socket->Resume();
    context_.RunReady();
  }
  EXPECT_THAT(frames, ElementsAre("ping ", "close 1001"));
  EXPECT_EQ(read_seconds, 60);
}

TEST_F(SocketStreamTest, GivesNoMoreTimeForAFrameByAReload) {
  const auto next = context_.NewGeneration();
  const std::unique_ptr<Service> next_service = Make(*next);
  FakeStream client(context_, *service_);
  client.Send(absl::StrCat(kRequest, Text("half a text").substr(0, 9)));
  client.Receive();
  context_.Advance(std::chrono::seconds(20));
  context_.Drain(*service_);
  ASSERT_TRUE(client.Resume(*next, *next_service).ok());
  next->Advance(std::chrono::seconds(39));
  EXPECT_FALSE(client.has_ended());
  client.Receive();
  next->Advance(std::chrono::seconds(1));
  EXPECT_THAT(Frames(client), ElementsAre("close 1008"));
}

TEST_F(SocketStreamTest, LeavesAFrameTheTimeOfItsPaceOverAReload) {
  const auto next = context_.NewGeneration();
  const std::unique_ptr<Service> next_service = Make(*next);
  FakeStream client(context_, *service_);
  // 10 seconds for what has come, and 60.
  client.Send(absl::StrCat(kRequest, Binary(std::string(5000, 'x')).substr(0, 8 + 2560)));
  client.Receive();
  context_.Drain(*service_);
  ASSERT_TRUE(client.Resume(*next, *next_service).ok());
  next->Advance(std::chrono::seconds(29));
  client.Receive();
  client.Send("y");
  next->Advance(std::chrono::seconds(29));
  client.Send("y");
  next->Advance(std::chrono::seconds(11));
  EXPECT_FALSE(client.has_ended());
  client.Receive();
  next->Advance(std::chrono::seconds(1));
  EXPECT_THAT(Frames(client), ElementsAre("close 1008"));
}

TEST_F(SocketStreamTest, LetsASessionCloseInItsDestructor) {
  script_.on_destruction = [](Socket& socket) { socket.Close().IgnoreError(); };
  std::unique_ptr<Service> service = Make();
  FakeStream client(context_, *service);
  client.Send(kRequest);
  ASSERT_TRUE(context_.loop().UntilNext().has_value());
  service.reset();
  EXPECT_FALSE(context_.loop().UntilNext().has_value()) << "a timer of it is left";
}

}  // namespace
}  // namespace muster::worker::websocket
