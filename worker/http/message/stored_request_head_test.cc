#include "muster/worker/http/message/stored_request_head.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {
namespace {

TEST(StoredRequestHead, OutlivesTheBytesThatItWasReadFrom) {
  std::string bytes = "GET /a HTTP/1.1\r\nHost: a\r\nX-Other: b\r\n\r\n";
  RequestParser parser;
  parser.Reset();
  ASSERT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete);
  const StoredRequestHead stored(parser.head());
  bytes.assign(bytes.size(), 'x');
  EXPECT_EQ(stored.head().line(), "GET /a HTTP/1.1");
  EXPECT_EQ(stored.head().Get(FieldName::kHost), "a");
  EXPECT_EQ(stored.head().fields(), "Host: a\r\nX-Other: b\r\n\r\n");
}

}  // namespace
}  // namespace muster::worker::http
