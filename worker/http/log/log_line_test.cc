#include "muster/worker/http/log/log_line.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {
namespace {

class LogLineTest : public testing::Test {
 protected:
  LogLineTest() {
    sockaddr_storage address = {};
    auto& in = reinterpret_cast<sockaddr_in&>(address);
    in.sin_family = AF_INET;
    ::inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
    peer_ = PeerAddress(address);
    date_.Update(loop::TimePoint());
    Receive("GET /a?b HTTP/1.1\r\nHost: c\r\n\r\n");
  }

  void Receive(std::string bytes) {
    bytes_ = std::move(bytes);
    parser_.Reset();
    ASSERT_EQ(parser_.Parse(bytes_, {}), RequestParser::Outcome::kComplete);
  }
  AccessRecord Record() {
    return {.peer = peer_,
            .date = date_,
            .request_line = parser_.head().line(),
            .head = &parser_.head(),
            .status = 200,
            .body_bytes = 34,
            .head_bytes = 100,
            .connection_requests = 2,
            .request_time = std::chrono::milliseconds(1234)};
  }
  static std::string LineOf(const AccessRecord& record, absl::string_view format,
                            bool is_json = false) {
    std::string line;
    AppendLogLine(line, *config::ParseLogFormat(format, is_json), record);
    return line;
  }
  std::string Line(absl::string_view format, bool is_json = false) {
    return LineOf(Record(), format, is_json);
  }

  PeerAddress peer_;
  DateCache date_;
  std::string bytes_;
  RequestParser parser_;
};

TEST_F(LogLineTest, TellsWhetherTheClientGotTheWholeResponse) {
  EXPECT_EQ(Line("$request_completion"), "OK\n");
  AccessRecord record = Record();
  record.is_complete = false;
  EXPECT_EQ(LineOf(record, "$request_completion"), "-\n");
  EXPECT_EQ(LineOf(record, "\"$request_completion\"", /*is_json=*/true), "\"\"\n");
}

TEST_F(LogLineTest, HasTheCombinedFormatOfNginx) {
  const std::string begin = absl::StrCat("192.0.2.1 - - [", date_.log_time(), "] ");
  EXPECT_EQ(Line("combined"), begin + "\"GET /a?b HTTP/1.1\" 200 34 \"-\" \"-\"\n");
  Receive("GET / HTTP/1.1\r\nHost: c\r\nReferer: http://a/\r\nUser-Agent: curl/8\r\n\r\n");
  EXPECT_EQ(Line("combined"), begin + "\"GET / HTTP/1.1\" 200 34 \"http://a/\" \"curl/8\"\n");
}

TEST_F(LogLineTest, HasWhatTheFormatNames) {
  EXPECT_EQ(Line("$request_method|$request_uri|$server_protocol|$http_host"),
            "GET|/a?b|HTTP/1.1|c\n");
  EXPECT_EQ(Line("$status $body_bytes_sent $bytes_sent $connection_requests $request_time"),
            "200 34 134 2 1.234\n");
  EXPECT_EQ(Line("$pid $remote_user"), absl::StrCat(::getpid(), " -\n"));
  EXPECT_EQ(Line("$time_iso8601"), absl::StrCat(date_.iso_time(), "\n"));
  EXPECT_EQ(Line("$msec").size(), absl::StrCat(date_.unix_milliseconds()).size() + 2);
  Receive("GET / HTTP/1.1\r\nHost: c\r\nX-Forwarded-For: 10.0.0.1\r\nRange: bytes=0-1\r\n\r\n");
  EXPECT_EQ(Line("$http_x_forwarded_for $http_range"), "10.0.0.1 bytes=0-1\n");
}

TEST_F(LogLineTest, OfARefusedRequestHasWhatThereIs) {
  AccessRecord record = Record();
  record.head = nullptr;
  record.request_line = "nonsense";
  EXPECT_EQ(LineOf(record, "$request|$request_method|$request_uri|$server_protocol|$http_host"),
            "nonsense|nonsense|-|-|-\n");
  record.request_line = "GET /";
  EXPECT_EQ(LineOf(record, "$request_method|$request_uri|$server_protocol"), "GET|/|-\n");
  record.request_line = "";
  EXPECT_EQ(LineOf(record, "$request|$request_method|$request_uri"), "-|-|-\n");
}

TEST_F(LogLineTest, EscapesWhatAClientCouldForgeLinesWith) {
  AccessRecord record = Record();
  record.request_line = "GET /\"\\\r\n\x1b\x7f\xc3";
  EXPECT_EQ(LineOf(record, "\"$request\""), "\"GET /\\x22\\x5C\\x0D\\x0A\\x1B\\x7F\\xC3\"\n");
}

TEST_F(LogLineTest, EscapesForJson) {
  AccessRecord record = Record();
  record.request_line = "GET /\"\\\r\n\x1b\x7f\xc3";
  EXPECT_EQ(LineOf(record, R"({"a":"$request"})", /*is_json=*/true),
            R"({"a":"GET /\u0022\u005C\u000D\u000A\u001B\u007F\u00C3"})"
            "\n");
}

TEST_F(LogLineTest, HasAJsonFormatOfItsOwn) {
  EXPECT_EQ(Line("json"),
            absl::StrCat("{\"time\":\"", date_.iso_time(),
                         "\",\"remote_addr\":\"192.0.2.1\",\"host\":\"c\","
                         "\"request\":\"GET /a?b HTTP/1.1\",\"status\":200,\"body_bytes_sent\":34,"
                         "\"request_time\":1.234,\"referer\":\"\",\"user_agent\":\"\"}\n"));
}

}  // namespace
}  // namespace muster::worker::http
