#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/websocket_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::tests {
namespace {

using worker::testkit::RunningMaster;
using worker::websocket::Close;
using worker::websocket::Text;

// examples/chat/web.textproto on a port of the kernel's choice.
std::string Config() {
  std::ostringstream text;
  text << std::ifstream("examples/chat/web.textproto").rdbuf();
  // A copy: no link leads out of the folder that is served, and the test's files are links.
  const std::filesystem::path page = std::filesystem::path(::testing::TempDir()) / "web";
  std::filesystem::create_directories(page);
  std::filesystem::copy_file("examples/chat/web/index.html", page / "index.html",
                             std::filesystem::copy_options::overwrite_existing);
  return absl::StrReplaceAll(text.str(),
                             {{"127.0.0.1:7071", "127.0.0.1:0"},
                              {"\"web\"", absl::StrCat("\"", page.string(), "\"")},
                              {"worker_binary: \"../../bazel-bin/examples/chat/web_chat\"\n", ""}});
}

TEST(WebChat, ServesItsPageAndKeepsItsClientsOverThreeReloads) {
  auto started = RunningMaster::Start({.config = Config(), .worker = "examples/chat/web_chat"});
  ASSERT_TRUE(started.ok()) << started.status();
  const std::unique_ptr<RunningMaster> master = *std::move(started);
  HttpClient http(master->address());
  const auto page = http.Get("/");
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(absl::StrContains(page->body, "new WebSocket("));

  WebSocketClient ann(master->address(), "/chat");
  WebSocketClient bob(master->address(), "/chat");
  ASSERT_TRUE(ann.is_open()) << ann.answer();
  ASSERT_TRUE(bob.is_open()) << bob.answer();
  const std::string greeting = "text * welcome to the chat; /nick NAME, /join ROOM, /quit";
  EXPECT_EQ(ann.Receive(), greeting);
  EXPECT_EQ(bob.Receive(), greeting);
  ASSERT_TRUE(ann.Send(Text("/nick ann") + Text("/join tea")));
  EXPECT_EQ(ann.Receive(), "text * you are ann");
  EXPECT_EQ(ann.Receive(), "text * you are in tea");
  ASSERT_TRUE(bob.Send(Text("/nick bob") + Text("/join tea")));
  EXPECT_EQ(bob.Receive(), "text * you are bob");
  EXPECT_EQ(bob.Receive(), "text * you are in tea");

  for (int reload = 0; reload < 3; ++reload) {
    ASSERT_TRUE(master->Reload().ok());
    ASSERT_TRUE(bob.Send(Text(absl::StrCat("more ", reload, "?"))));
    EXPECT_EQ(ann.Receive(), absl::StrCat("text bob: more ", reload, "?"));
    EXPECT_EQ(bob.Receive(), absl::StrCat("text bob: more ", reload, "?"));
    ASSERT_TRUE(master->AwaitOldWorkersEnd().ok()) << master->log();
  }
  ASSERT_TRUE(ann.Send(Text("/quit")));
  EXPECT_EQ(ann.Receive(), "close 1000");
  ASSERT_TRUE(ann.Send(Close(1000)));
  EXPECT_TRUE(ann.AwaitEnd());
}

}  // namespace
}  // namespace muster::tests
