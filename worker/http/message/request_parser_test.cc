#include "muster/worker/http/message/request_parser.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using Outcome = RequestParser::Outcome;

// The status with which `request` is refused; 0 when it is complete, -1 incomplete. In
// whatever pieces it comes, the answer is the same.
int StatusOf(absl::string_view request, const RequestParser::Limits& limits = {}) {
  std::optional<int> first;
  for (const std::size_t piece : {request.size(), std::size_t{1}, std::size_t{7}}) {
    RequestParser parser;
    parser.Reset();
    Outcome outcome = Outcome::kIncomplete;
    for (std::size_t end = 0; outcome == Outcome::kIncomplete && end < request.size();) {
      end = std::min(end + piece, request.size());
      // Elsewhere each time, and not a byte longer, so that asan sees who reads on.
      const std::unique_ptr<char[]> copy(new char[end]);
      std::copy_n(request.data(), end, copy.get());
      RequestParser moved = parser;
      outcome = moved.Parse(absl::string_view(copy.get(), end), limits);
      parser = moved;
    }
    const int status = outcome == Outcome::kComplete     ? 0
                       : outcome == Outcome::kIncomplete ? -1
                                                         : parser.status();
    if (!first.has_value()) first = status;
    EXPECT_EQ(status, *first) << "in pieces of " << piece << ": " << request;
  }
  return *first;
}

std::string WithFields(absl::string_view fields) {
  return absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
}

class RequestParserTest : public testing::Test {
 protected:
  const RequestHead& Parse(const std::string& request) {
    bytes_ = request;
    parser_.Reset();
    EXPECT_EQ(parser_.Parse(bytes_, {}), Outcome::kComplete) << request;
    return parser_.head();
  }

  std::string bytes_;
  RequestParser parser_;
};

TEST_F(RequestParserTest, FindsThePartsOfAHead) {
  const RequestHead& head = Parse(
      "GET /a?b=c HTTP/1.1\r\nHost: example.com:80\r\nUser-Agent: \t curl/8 (x) \t\r\nReferer:\r\n"
      "X-Other: 1\r\n\r\nbehind");
  EXPECT_EQ(head.method(), Method::kGet);
  EXPECT_EQ(head.target(), "/a?b=c");
  EXPECT_EQ(head.line(), "GET /a?b=c HTTP/1.1");
  EXPECT_EQ(head.Get(FieldName::kHost), "example.com:80");
  EXPECT_EQ(head.Get(FieldName::kUserAgent), "curl/8 (x)");
  EXPECT_EQ(head.Get(FieldName::kReferer), "");
  EXPECT_EQ(head.Get(FieldName::kRange), std::nullopt);
  EXPECT_FALSE(head.has_body());
  EXPECT_EQ(bytes_.substr(parser_.head_bytes()), "behind");
}

TEST_F(RequestParserTest, FindsTheSamePartsByteByByte) {
  const std::string request =
      "HEAD /path HTTP/1.1\r\nhost: a\r\nIf-None-Match: \"x\"\r\nRange: bytes=0-1\r\n\r\n";
  std::string bytes;
  parser_.Reset();
  Outcome outcome = Outcome::kIncomplete;
  for (const char c : request) {
    ASSERT_EQ(outcome, Outcome::kIncomplete);
    bytes.push_back(c);
    outcome = parser_.Parse(bytes, {});
  }
  ASSERT_EQ(outcome, Outcome::kComplete);
  EXPECT_EQ(parser_.head_bytes(), request.size());
  const RequestHead& head = parser_.head();
  EXPECT_EQ(head.method(), Method::kHead);
  EXPECT_EQ(head.target(), "/path");
  EXPECT_EQ(head.Get(FieldName::kIfNoneMatch), "\"x\"");
  EXPECT_EQ(head.Get(FieldName::kRange), "bytes=0-1");
}

TEST_F(RequestParserTest, GoesOnInACopy) {
  const std::string request = WithFields("Range: bytes=0-1\r\n");
  parser_.Reset();
  ASSERT_EQ(parser_.Parse(request.substr(0, 30), {}), Outcome::kIncomplete);
  RequestParser copy = parser_;
  parser_.Reset();
  ASSERT_EQ(copy.Parse(request, {}), Outcome::kComplete);
  EXPECT_EQ(copy.head().Get(FieldName::kRange), "bytes=0-1");
}

TEST_F(RequestParserTest, ReadsOneRequestAfterTheOther) {
  const std::string two = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
  Parse(two);
  EXPECT_EQ(parser_.head().target(), "/1");
  const std::string rest = two.substr(parser_.head_bytes());
  Parse(rest);
  EXPECT_EQ(parser_.head().target(), "/2");
  EXPECT_EQ(parser_.head().Get(FieldName::kHost), "b");
}

TEST_F(RequestParserTest, KeepsAliveByVersionAndConnection) {
  EXPECT_TRUE(Parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive());
  EXPECT_FALSE(Parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive());
  EXPECT_FALSE(Parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive());
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\n\r\n").keep_alive());
  EXPECT_TRUE(Parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive());
  EXPECT_FALSE(
      Parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive());
}

TEST_F(RequestParserTest, TellsTheBodysFraming) {
  EXPECT_EQ(Parse(WithFields("Content-Length: 12\r\n")).content_length(), 12u);
  EXPECT_FALSE(Parse(WithFields("Content-Length: 0\r\n")).has_body());
  const RequestHead& chunked = Parse(WithFields("Transfer-Encoding: Chunked\r\n"));
  EXPECT_TRUE(chunked.is_chunked());
  EXPECT_TRUE(chunked.has_body());
}

TEST_F(RequestParserTest, StopsBeforeABodyAndAProtocolToUpgradeTo) {
  Parse(WithFields("Connection: upgrade\r\nUpgrade: websocket\r\n") + "\x81\x05hello");
  EXPECT_EQ(bytes_.substr(parser_.head_bytes()), "\x81\x05hello");
  Parse("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nbytes");
  EXPECT_EQ(parser_.head().method(), Method::kConnect);
  EXPECT_EQ(bytes_.substr(parser_.head_bytes()), "bytes");
}

TEST_F(RequestParserTest, TellsWhenTheClientExpectsContinue) {
  const std::string field = "Content-Length: 1\r\nExpect: 100-Continue\r\n";
  EXPECT_TRUE(Parse(WithFields(field)).expects_continue());
  EXPECT_FALSE(Parse("POST / HTTP/1.0\r\n" + field + "\r\n").expects_continue());
  EXPECT_FALSE(Parse(WithFields("")).expects_continue());
}

TEST_F(RequestParserTest, KnowsTheMethods) {
  EXPECT_EQ(Parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").method(), Method::kOptions);
  EXPECT_EQ(Parse("PUT / HTTP/1.1\r\nHost: a\r\n\r\n").method(), Method::kOther);
}

TEST(SkipEmptyLines, RemovesWholeOnes) {
  absl::string_view bytes = "\r\n\r\nGET";
  SkipEmptyLines(bytes);
  EXPECT_EQ(bytes, "GET");
  bytes = "\r";
  SkipEmptyLines(bytes);
  EXPECT_EQ(bytes, "\r");
}

TEST(RequestParser, RefusesLineEndsThatWereNotSkipped) {
  for (const absl::string_view ends : {"\r\n", "\n", "\r\r", "\r\r\n", "\rG", "\n\n"}) {
    EXPECT_EQ(StatusOf(ends), 400);
    EXPECT_EQ(StatusOf(absl::StrCat(ends, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 400);
  }
  EXPECT_EQ(StatusOf("\r"), -1);
}

TEST(RequestParser, WaitsForTheRestOfARequest) {
  for (absl::string_view request :
       {"\r", "G", "GET", "GET / HT", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r"}) {
    EXPECT_EQ(StatusOf(request), -1) << request;
  }
}

TEST(RequestParser, RefusesAmbiguousFraming) {
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 1\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 1\r\nContent-Length: 2\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            400);
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesAMalformedLength) {
  for (absl::string_view length : {"", "x", "+1", "-1", "1 1", "1,1", "0x1", "1.0",
                                   "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(StatusOf(WithFields(absl::StrCat("Content-Length: ", length, "\r\n"))), 400)
        << length;
  }
}

TEST(RequestParser, RefusesACodingThatItDoesNotKnow) {
  for (absl::string_view coding :
       {"gzip", "chunked, gzip", "identity", "", "chunkedx", "chunked, identity",
        "\x0b"
        "chunked"}) {
    EXPECT_EQ(StatusOf(WithFields(absl::StrCat("Transfer-Encoding: ", coding, "\r\n"))), 400)
        << coding;
  }
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: gzip, chunked\r\n")), 501);
}

TEST(RequestParser, RefusesABareCarriageReturn) {
  EXPECT_EQ(StatusOf(WithFields("X: a\rb\r\n")), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX:\r\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesABareLineFeed) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
}

TEST(RequestParser, RefusesAFoldedLine) {
  EXPECT_EQ(StatusOf(WithFields("X: a\r\n b\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X: a\r\n\tb\r\n")), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(WithFields("X:\r\n \r\n")), 400);
}

TEST(RequestParser, RefusesWhiteSpaceInAName) {
  EXPECT_EQ(StatusOf(WithFields("X : a\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X\t: a\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length : 1\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X Y: a\r\n")), 400);
}

TEST(RequestParser, RefusesAMalformedField) {
  EXPECT_EQ(StatusOf(WithFields(": a\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X(): a\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields(absl::string_view("X: a\0b\r\n", 8))), 400);
  EXPECT_EQ(StatusOf(WithFields(absl::string_view("X\0: a\r\n", 7))), 400);
  EXPECT_EQ(StatusOf(WithFields("X: a\x01\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("X: a\x7f\r\n")), 400);
}

TEST(RequestParser, RefusesNoHostAndSeveral) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(RequestParser, RefusesAMalformedHost) {
  for (absl::string_view host : {"", "a b", "a/b", "a@b", "a\"", "<a>", "a?b", "\xc3\xa9", "a:b",
                                 "[::1", "[]", "%zz", "localhost:80a"}) {
    EXPECT_EQ(StatusOf(absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n")), 400) << host;
  }
  for (absl::string_view host : {"a", "a.b:80", "127.0.0.1", "[::1]:8080", "a_b"}) {
    EXPECT_EQ(StatusOf(absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n")), 0) << host;
  }
}

TEST(RequestParser, RefusesAMalformedLine) {
  for (absl::string_view line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1", "GET / HTTP", "GET / HTTP/", "GET / HTTP/1", "GET / HTTP/1.",
        "GET / http/1.1", "GET / RTSP/1.0", "GET / HTTP/11", "GET / HTTP/1.1x", "GET / a HTTP/1.1",
        "GET  HTTP/1.1", "\x16\x03\x01\x02", "{\"a\": 1}"}) {
    EXPECT_EQ(StatusOf(absl::StrCat(line, "\r\nHost: a\r\n\r\n")), 400) << line;
  }
}

TEST(RequestParser, ReadsALaterMinorVersionAs11) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("GET / HTTP/1.9\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("GET / HTTP/1.2\r\n\r\n"), 400) << "it has no Host";
  RequestParser parser;
  parser.Reset();
  ASSERT_EQ(parser.Parse("GET / HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", {}),
            Outcome::kComplete);
  EXPECT_TRUE(parser.head().keep_alive());
  EXPECT_TRUE(parser.head().is_chunked());
}

TEST(RequestParser, RefusesALineOfAnotherVersionThoughNothingFollows) {
  for (const auto& [line, status] : std::map<std::string, int>{{"GET /ok\r\n", 400},
                                                               {"GET / HTTP\r\n", 400},
                                                               {"GET /\n", 400},
                                                               {"GET / HTTP/1.1\n", 400},
                                                               {"GET /\r\r\n", 400},
                                                               {"GET / HTTP/2.0\r\n", 505}}) {
    RequestParser parser;
    parser.Reset();
    EXPECT_EQ(parser.Parse(line, {}), RequestParser::Outcome::kRefused) << line;
    EXPECT_EQ(parser.status(), status) << line;
  }
  RequestParser parser;
  parser.Reset();
  EXPECT_EQ(parser.Parse("GET / HTTP/1.1\r\n", {}), RequestParser::Outcome::kIncomplete);
}

TEST(RequestParser, RefusesAnotherMajorVersion) {
  for (absl::string_view version : {"0.9", "2.0", "2.1", "3.0", "9.9"}) {
    EXPECT_EQ(StatusOf(absl::StrCat("GET / HTTP/", version, "\r\nHost: a\r\n\r\n")), 505)
        << version;
  }
  EXPECT_EQ(StatusOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(RequestParser, RefusesAMethodThatItDoesNotKnow) {
  EXPECT_EQ(StatusOf("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(StatusOf("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

TEST(RequestParser, RefusesAnExpectationThatItDoesNotKnow) {
  EXPECT_EQ(StatusOf(WithFields("Expect: tea\r\n")), 417);
}

TEST(RequestParser, BoundsTheLine) {
  const RequestParser::Limits limits = {.max_request_line_bytes = 100, .max_header_bytes = 1000};
  const std::string target(100 - 13, 'x');  // beside "GET / HTTP/1.1" less its slash
  EXPECT_EQ(StatusOf("GET /" + target.substr(1) + " HTTP/1.1\r\nHost: a\r\n\r\n", limits), 0);
  EXPECT_EQ(StatusOf("GET /" + target + " HTTP/1.1\r\nHost: a\r\n\r\n", limits), 414);
  EXPECT_EQ(StatusOf("GET /" + target, limits), -1);
  EXPECT_EQ(StatusOf("GET /" + target + target, limits), 414);
}

TEST(RequestParser, BoundsTheFields) {
  const RequestParser::Limits limits = {.max_request_line_bytes = 100, .max_header_bytes = 1000};
  const std::string value(1000 - 16, 'x');  // beside "Host: a", "X: ", and three line ends
  EXPECT_EQ(StatusOf(WithFields("X: " + value + "\r\n"), limits), 0);
  EXPECT_EQ(StatusOf(WithFields("X: " + value + "x\r\n"), limits), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX: " + value + value, limits), 431);
}

}  // namespace
}  // namespace muster::worker::http
