#include "muster/worker/http/message/request_body.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {
namespace {

using Outcome = RequestBody::Outcome;

// The body that a request with these fields announces.
RequestBody BodyOf(const std::string& fields) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  RequestParser parser;
  parser.Reset();
  EXPECT_EQ(parser.Parse(request, {}), RequestParser::Outcome::kComplete);
  EXPECT_TRUE(parser.head().has_body());
  return RequestBody(parser.head());
}

TEST(RequestBody, EndsAtItsLength) {
  RequestBody body = BodyOf("Content-Length: 10\r\n");
  absl::string_view first = "0123";
  EXPECT_EQ(body.Skip(first, 10), Outcome::kIncomplete);
  EXPECT_TRUE(first.empty());
  absl::string_view second = "456789GET";
  EXPECT_EQ(body.Skip(second, 10), Outcome::kComplete);
  EXPECT_EQ(second, "GET");
}

TEST(RequestBody, EndsAtItsLastChunk) {
  RequestBody body = BodyOf("Transfer-Encoding: chunked\r\n");
  absl::string_view bytes = "3\r\nabc\r\n0\r\n\r\nGET";
  EXPECT_EQ(body.Skip(bytes, 3), Outcome::kComplete);
  EXPECT_EQ(bytes, "GET");
}

TEST(RequestBody, IsTooLargeBeforeItsFirstByte) {
  RequestBody body = BodyOf("Content-Length: 11\r\n");
  absl::string_view nothing;
  EXPECT_EQ(body.Skip(nothing, 10), Outcome::kTooLarge);
}

TEST(RequestBody, IsTooLargeWhenItsChunksAre) {
  RequestBody body = BodyOf("Transfer-Encoding: chunked\r\n");
  absl::string_view bytes = "6\r\n012345\r\n5\r\n";
  EXPECT_EQ(body.Skip(bytes, 10), Outcome::kTooLarge);
}

TEST(RequestBody, IsMalformedWhenAChunkIs) {
  RequestBody body = BodyOf("Transfer-Encoding: chunked\r\n");
  absl::string_view bytes = "x\r\n";
  EXPECT_EQ(body.Skip(bytes, 10), Outcome::kMalformed);
}

}  // namespace
}  // namespace muster::worker::http
