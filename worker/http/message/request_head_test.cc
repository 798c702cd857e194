#include "muster/worker/http/message/request_head.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(KnownField, IsFoundInAnyCase) {
  EXPECT_EQ(KnownField("Host"), FieldName::kHost);
  EXPECT_EQ(KnownField("RANGE"), FieldName::kRange);
  EXPECT_EQ(KnownField("expect"), FieldName::kExpect);
  EXPECT_EQ(KnownField("Referer"), FieldName::kReferer);
  EXPECT_EQ(KnownField("If-Match"), FieldName::kIfMatch);
  EXPECT_EQ(KnownField("If-Range"), FieldName::kIfRange);
  EXPECT_EQ(KnownField("User-Agent"), FieldName::kUserAgent);
  EXPECT_EQ(KnownField("If-None-Match"), FieldName::kIfNoneMatch);
  EXPECT_EQ(KnownField("Content-Length"), FieldName::kContentLength);
  EXPECT_EQ(KnownField("Transfer-Encoding"), FieldName::kTransferEncoding);
  EXPECT_EQ(KnownField("If-Modified-Since"), FieldName::kIfModifiedSince);
  EXPECT_EQ(KnownField("If-Unmodified-Since"), FieldName::kIfUnmodifiedSince);
}

TEST(KnownField, IsNotFoundForOthersOfTheSameLength) {
  for (absl::string_view name :
       {"", "Hose", "Rangf", "Accept", "Cookies", "If-Patch", "X-Whatever"}) {
    EXPECT_EQ(KnownField(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace muster::worker::http
