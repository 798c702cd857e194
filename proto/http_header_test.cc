#include "muster/proto/http_header.h"

#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(HttpHeader, MayHaveAnyTokenAsName) {
  for (const char* name : {"X-Frame-Options", "cache-control", "a", "!#$%&'*+-.^_`|~09"}) {
    EXPECT_EQ(WhyNotHeaderName(name), "") << name;
  }
}

TEST(HttpHeader, HasANameThatIsAToken) {
  EXPECT_EQ(WhyNotHeaderName("a b"),
            "\"a b\" is no name of a header; write \"X-Frame-Options\", say");
  for (const char* name : {"", "a:", "a\r\nb", "\xc3\xa4", "(", "a\t"}) {
    EXPECT_NE(WhyNotHeaderName(name), "") << name;
  }
}

TEST(HttpHeader, IsNotWhatTheServiceSays) {
  EXPECT_EQ(WhyNotHeaderName("content-LENGTH"), "Content-Length is set by the service itself");
  for (const char* name : {"Transfer-Encoding", "connection", "Date", "trailer", "Content-Type"}) {
    EXPECT_NE(WhyNotHeaderName(name), "") << name;
  }
}

TEST(HttpHeader, HasAValueWithoutControlCharacters) {
  EXPECT_EQ(WhyNotHeaderValue("max-age=60, public; a=\"b\""), "");
  EXPECT_EQ(WhyNotHeaderValue(""), "");
  EXPECT_EQ(WhyNotHeaderValue("a\tb"), "");
  EXPECT_EQ(WhyNotHeaderValue("a\r\nX: y"), "has a control character, which a header cannot have");
  EXPECT_EQ(WhyNotHeaderValue("\x7f"), "has a control character, which a header cannot have");
  EXPECT_EQ(WhyNotHeaderValue(" a"), "begins or ends with white space");
}

}  // namespace
}  // namespace muster::config
