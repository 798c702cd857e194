#include "muster/worker/http/response/response_head.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(ResponseHead, HasAStatusLineAndItsFieldsInOrder) {
  std::string out = "before";
  ResponseHead(out, 206, Persistence::kKeepAlive, "today")
      .Field("Content-Type", "text/plain")
      .Field("Content-Length", 12u)
      .End();
  EXPECT_EQ(out,
            "beforeHTTP/1.1 206 Partial Content\r\nServer: muster\r\nDate: today\r\n"
            "Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n");
}

TEST(ResponseHead, SaysWhatBecomesOfTheConnection) {
  std::string close;
  ResponseHead(close, 200, Persistence::kClose, "today").End();
  EXPECT_TRUE(absl::StrContains(close, "\r\nConnection: close\r\n"));
  std::string keep;
  ResponseHead(keep, 200, Persistence::kExplicitKeepAlive, "today").End();
  EXPECT_TRUE(absl::StrContains(keep, "\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(absl::StrContains(keep, "Keep-Alive"));
}

TEST(ResponseHead, AnnouncesHowLongTheConnectionIsKept) {
  for (const Persistence::Kind kind : {Persistence::kKeepAlive, Persistence::kExplicitKeepAlive}) {
    std::string out;
    ResponseHead(out, 200, Persistence(kind, std::chrono::duration<std::uint32_t>(74)), "today")
        .End();
    EXPECT_TRUE(absl::StrContains(out, "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=74\r\n"));
  }
}

TEST(ResponseHead, MayHaveAStatusWithoutReason) {
  std::string out;
  ResponseHead(out, 299, Persistence::kKeepAlive, "today").End();
  EXPECT_TRUE(absl::StartsWith(out, "HTTP/1.1 299 \r\n"));
}

TEST(ErrorPage, NamesItsStatus) {
  EXPECT_TRUE(absl::StrContains(ErrorPage(405), "<h1>405 Method Not Allowed</h1>"));
}

}  // namespace
}  // namespace muster::worker::http
