// WebSockets with the real programs: their clients stay connected over three reloads, wherever they
// are in what they say.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/tests/support/websocket_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::tests {
namespace {

using worker::testkit::RunningMaster;
using worker::websocket::Binary;
using worker::websocket::Close;
using worker::websocket::Continuation;
using worker::websocket::Ping;
using worker::websocket::Text;

class WebSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = RunningMaster::Start({
        .config = R"(
          worker_processes: 2
          listen { address: "127.0.0.1:0" }
          http {
            location { path: "/" handler: "echo" }
            location { path: "/impatient" handler: "impatient" }
          }
        )",
        .worker = "tests/websocket/echo_worker",
    });
    ASSERT_TRUE(started.ok()) << started.status();
    master_ = *std::move(started);
  }
  // Returns when the new workers have all clients.
  void Reload() {
    ASSERT_TRUE(master_->Reload().ok());
    ASSERT_TRUE(master_->AwaitOldWorkersEnd().ok()) << master_->log();
  }

  std::unique_ptr<RunningMaster> master_;
};

TEST_F(WebSocketTest, KeepsItsClientsOverThreeReloads) {
  WebSocketClient client(master_->address(), "/");
  ASSERT_TRUE(client.is_open()) << client.answer();
  for (int reload = 0; reload < 3; ++reload) {
    ASSERT_TRUE(client.Send(Text("before")));
    EXPECT_EQ(client.Receive(), absl::StrCat("text ", 2 * reload + 1, " before"));
    Reload();
    ASSERT_TRUE(client.Send(Text("after")));
    EXPECT_EQ(client.Receive(), absl::StrCat("text ", 2 * reload + 2, " after"));
  }
  ASSERT_TRUE(client.Send(Close(1000)));
  EXPECT_EQ(client.Receive(), "close 1000");
  EXPECT_TRUE(client.AwaitEnd());
}

TEST_F(WebSocketTest, GoesOnWithinAMessageAMaskedFrameAndACharacter) {
  WebSocketClient client(master_->address(), "/");
  ASSERT_TRUE(client.is_open()) << client.answer();
  // Behind each ping the server has all that was sent before.
  const std::string frame = Continuation("masked\xe2\x82", false);
  ASSERT_TRUE(client.Send(Text("fragment ", false) + Ping("1")));
  EXPECT_EQ(client.Receive(), "pong 1");
  Reload();  // within a message
  ASSERT_TRUE(client.Send(frame.substr(0, frame.size() - 3)));
  Reload();  // within a masked frame
  ASSERT_TRUE(client.Send(frame.substr(frame.size() - 3) + Ping("2")));
  EXPECT_EQ(client.Receive(), "pong 2");
  Reload();  // within a character
  ASSERT_TRUE(client.Send(Continuation("\xac")));
  EXPECT_EQ(client.Receive(), "text 1 fragment masked\xe2\x82\xac");
}

TEST_F(WebSocketTest, GoesOnWithinAClosingHandshake) {
  WebSocketClient client(master_->address(), "/");
  ASSERT_TRUE(client.is_open()) << client.answer();
  ASSERT_TRUE(client.Send(Text("close me")));
  EXPECT_EQ(client.Receive(), "close 4000");
  Reload();
  ASSERT_TRUE(client.Send(Text("late") + Close(4000)));
  EXPECT_TRUE(client.AwaitEnd());
}

TEST_F(WebSocketTest, KeepsCompressionOverAReload) {
  WebSocketClient client(master_->address(), "/",
                         "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  ASSERT_TRUE(client.is_open()) << client.answer();
  EXPECT_TRUE(
      absl::StrContains(client.answer(), "\r\nSec-WebSocket-Extensions: permessage-deflate"));
  const std::string text(1000, 'x');
  ASSERT_TRUE(client.Send(Text("")));
  EXPECT_EQ(client.Receive(), "text 1 ");
  Reload();
  ASSERT_TRUE(client.Send(Binary(text)));
  const auto echoed = client.Receive();
  ASSERT_TRUE(echoed.has_value());
  EXPECT_TRUE(absl::StartsWith(*echoed, "binary* "));
  EXPECT_LT(echoed->size(), 100u);
}

TEST_F(WebSocketTest, PingsASilentClientAndClosesOneThatDoesNotAnswer) {
  WebSocketClient client(master_->address(), "/impatient");
  ASSERT_TRUE(client.is_open()) << client.answer();
  EXPECT_EQ(client.Receive(), "ping ");
  std::optional<std::string> last;
  for (auto frame = client.Receive(); frame.has_value(); frame = client.Receive()) last = frame;
  EXPECT_EQ(last, "close 1001");
}

TEST_F(WebSocketTest, SaysGoodbyeWhenTheServerEnds) {
  WebSocketClient client(master_->address(), "/");
  ASSERT_TRUE(client.is_open()) << client.answer();
  ASSERT_TRUE(master_->Quit().ok());
  EXPECT_EQ(client.Receive(), "close 1001");
}

TEST_F(WebSocketTest, RefusesPagesOfOtherHosts) {
  const WebSocketClient evil(master_->address(), "/", "Origin: https://evil.example\r\n");
  EXPECT_TRUE(absl::StartsWith(evil.answer(), "HTTP/1.1 403 ")) << evil.answer();
  const WebSocketClient own(master_->address(), "/",
                            absl::StrCat("Origin: http://", master_->address(), "\r\n"));
  EXPECT_TRUE(own.is_open()) << own.answer();
}

}  // namespace
}  // namespace muster::tests
