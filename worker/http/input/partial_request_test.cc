#include "muster/worker/http/input/partial_request.h"

#include <chrono>
#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;

class PartialRequestTest : public testing::Test {
 protected:
  static constexpr char kHead[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n";
  static constexpr seconds kTimeout{60};
  static constexpr BodyRule kDropped = {.use = BodyUse::kDropped, .max_bytes = 10'000};

  PartialRequestTest() {
    settings_.body_timeout = kTimeout;
    settings_.min_body_bytes_per_second = 100;
  }

  // One that has seen all of `head`.
  static RequestParser Parsed(absl::string_view head) {
    RequestParser parser;
    parser.Reset();
    EXPECT_EQ(parser.Parse(head, {}), RequestParser::Outcome::kComplete);
    return parser;
  }

  void Read(PartialRequest& request, absl::string_view bytes, seconds after = seconds(0)) const {
    EXPECT_EQ(request.ReadBody(bytes, start_ + after), RequestBody::Outcome::kIncomplete);
  }
  void Read(PartialRequest& request, std::size_t body_bytes, seconds after = seconds(0)) const {
    Read(request, std::string(body_bytes, 'x'), after);
  }

  const loop::TimePoint start_{seconds(1000)};
  ConnectionSettings settings_;
  PartialRequest in_body_{kHead, Parsed(kHead), start_};
};

TEST_F(PartialRequestTest, GrowsByWhatComes) {
  PartialRequest request("GET /", RequestParser(), start_);
  EXPECT_EQ(request.Append("a HT"), "GET /a HT");
  EXPECT_EQ(request.bytes(), "GET /a HT");
}

TEST_F(PartialRequestTest, KeepsOnlyWhatIsNotAnswered) {
  PartialRequest request("first", RequestParser(), start_);
  const absl::string_view all = request.Append("second");
  request.KeepOnly(all.substr(5));
  EXPECT_EQ(request.bytes(), "second");
}

TEST_F(PartialRequestTest, HasItsHeadFromItsOwnBytes) {
  std::string bytes = kHead;
  PartialRequest request(bytes, Parsed(bytes), start_);
  request.BeginBody(kDropped, start_);
  bytes.assign(bytes.size(), 'x');
  EXPECT_EQ(request.head().line(), "POST / HTTP/1.1");
}

TEST_F(PartialRequestTest, KeepsTheContentThatIsWanted) {
  in_body_.BeginBody({BodyUse::kWhole, 10'000}, start_);
  Read(in_body_, 3);
  Read(in_body_, 2);
  EXPECT_EQ(in_body_.content(), "xxxxx");
}

TEST_F(PartialRequestTest, KeepsNoContentThatIsNotWanted) {
  in_body_.BeginBody(kDropped, start_);
  Read(in_body_, 3);
  EXPECT_EQ(in_body_.content(), "");
}

TEST_F(PartialRequestTest, WaitsASecondMoreForEachOfItsPace) {
  in_body_.BeginBody(kDropped, start_);
  Read(in_body_, 500, seconds(10));
  EXPECT_EQ(in_body_.BodyDeadline(settings_), start_ + kTimeout + seconds(5));
}

TEST_F(PartialRequestTest, WaitsFromTheLastBytesOn) {
  settings_.min_body_bytes_per_second = 0;
  in_body_.BeginBody(kDropped, start_);
  Read(in_body_, 1, seconds(10));
  Read(in_body_, "", seconds(20));
  EXPECT_EQ(in_body_.BodyDeadline(settings_), start_ + seconds(10) + kTimeout);
}

TEST_F(PartialRequestTest, WaitsForNoChunkBecauseItWasAnnounced) {
  static constexpr char kChunked[] =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  PartialRequest request(kChunked, Parsed(kChunked), start_);
  request.BeginBody(kDropped, start_);
  Read(request, "1388\r\nx", seconds(10));  // 5000 bytes
  EXPECT_EQ(request.BodyDeadline(settings_), start_ + kTimeout);
  // What frames the content buys no time.
  settings_.min_body_bytes_per_second = 0;
  Read(request, std::string(4999, 'x'), seconds(20));
  Read(request, "\r\n2", seconds(30));
  Read(request, ";extension", seconds(40));
  Read(request, "\r\n", seconds(50));
  EXPECT_EQ(request.BodyDeadline(settings_), start_ + seconds(20) + kTimeout);
}

TEST_F(PartialRequestTest, HasNotBegunWithHalfOfAnEmptyLine) {
  RequestParser parser;
  parser.Reset();
  EXPECT_EQ(parser.Parse("\r", {}), RequestParser::Outcome::kIncomplete);
  EXPECT_FALSE(PartialRequest("\r", parser, start_).has_begun());
  EXPECT_EQ(parser.Parse("G", {}), RequestParser::Outcome::kIncomplete);
  EXPECT_TRUE(PartialRequest("G", parser, start_).has_begun());
  in_body_.BeginBody(kDropped, start_);
  EXPECT_TRUE(in_body_.has_begun());
}

}  // namespace
}  // namespace muster::worker::http
