#include "muster/worker/http/response/validated_page.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {
namespace {

class ValidatedPageTest : public testing::Test {
 protected:
  // `fields`: of the request, each with its line end.
  std::string Ask(absl::string_view method, absl::string_view fields = "") {
    const std::string bytes = absl::StrCat(method, " / HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
    RequestParser parser;
    parser.Reset();
    EXPECT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete) << bytes;
    date_.Update(loop::TimePoint());
    std::string out;
    const Answer answer = page_.Respond(parser.head(), Persistence::kKeepAlive, date_, out);
    EXPECT_TRUE(absl::StartsWith(out, absl::StrCat("HTTP/1.1 ", answer.status, " ")));
    const std::size_t end = out.find("\r\n\r\n");
    EXPECT_EQ(answer.body_bytes, out.size() - end - 4);
    return out;
  }

  DateCache date_;
  ResponseStyle style_;
  ValidatedPage page_{"text/plain", "body", "\"tag\"", "A: b\r\n", style_};
};

TEST_F(ValidatedPageTest, IsSentWithItsTag) {
  const std::string response = Ask("GET");
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(
      absl::EndsWith(response,
                     "\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nETag: \"tag\"\r\n"
                     "A: b\r\n\r\nbody"));
}

TEST_F(ValidatedPageTest, IsLeftOutForHead) { EXPECT_EQ(Ask("HEAD") + "body", Ask("GET")); }

TEST_F(ValidatedPageTest, IsNotSentToWhoHasIt) {
  for (absl::string_view list : {"\"tag\"", "W/\"tag\"", "\"x\", \"tag\"", "*"}) {
    const std::string response = Ask("GET", absl::StrCat("If-None-Match: ", list, "\r\n"));
    EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 304 Not Modified\r\n")) << list;
    EXPECT_TRUE(absl::EndsWith(response, "\r\nETag: \"tag\"\r\nA: b\r\n\r\n")) << list;
    EXPECT_FALSE(absl::StrContains(response, "Content-Length")) << list;
  }
  EXPECT_TRUE(absl::EndsWith(Ask("GET", "If-None-Match: \"old\"\r\n"), "\r\n\r\nbody"));
}

TEST_F(ValidatedPageTest, EvaluatesIfMatchFirst) {
  EXPECT_TRUE(absl::StartsWith(Ask("GET", "If-Match: \"old\"\r\nIf-None-Match: \"tag\"\r\n"),
                               "HTTP/1.1 412 Precondition Failed\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("GET", "If-Match: \"tag\"\r\n"), "HTTP/1.1 200 "));
}

// It has no parts, and no time of modification.
TEST_F(ValidatedPageTest, IsSentWholeWhateverRangeAndDate) {
  EXPECT_EQ(Ask("GET", "Range: bytes=0-1\r\n"), Ask("GET"));
  EXPECT_EQ(Ask("GET", "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT\r\n"), Ask("GET"));
}

TEST_F(ValidatedPageTest, IsOnlyRead) {
  for (absl::string_view method : {"POST", "PUT", "DELETE"}) {
    const std::string response = Ask(method);
    EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 405 ")) << method;
    EXPECT_TRUE(absl::StrContains(response, "\r\nAllow: GET, HEAD, OPTIONS\r\n")) << method;
  }
  EXPECT_TRUE(absl::StartsWith(Ask("OPTIONS"), "HTTP/1.1 204 "));
}

}  // namespace
}  // namespace muster::worker::http
