#include "muster/worker/websocket/wire/web_origin.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::worker::websocket {
namespace {

bool AreSame(absl::string_view a, absl::string_view b) {
  const auto left = WebOrigin::Parse(a);
  const auto right = WebOrigin::Parse(b);
  return left.has_value() && right.has_value() && *left == *right;
}

bool IsOf(absl::string_view origin, absl::string_view host) {
  const auto parsed = WebOrigin::Parse(origin);
  return parsed.has_value() && parsed->IsOf(host);
}

TEST(WebOrigin, HasThePortOfItsScheme) {
  EXPECT_TRUE(AreSame("http://a", "http://a:80"));
  EXPECT_TRUE(AreSame("http://a:", "http://a:00080"));
  EXPECT_TRUE(AreSame("https://a:443", "https://a"));
  EXPECT_TRUE(AreSame("ws://a", "ws://a:80"));
  EXPECT_TRUE(AreSame("wss://a", "wss://a:443"));
  EXPECT_FALSE(AreSame("http://a", "http://a:443"));
  EXPECT_FALSE(AreSame("https://a", "https://a:80"));
  EXPECT_FALSE(AreSame("http://a:80", "https://a:80"));
  EXPECT_FALSE(AreSame("http://a", "http://a:8080"));
  EXPECT_FALSE(AreSame("app://a", "app://a:80"));
  EXPECT_TRUE(AreSame("app://a", "APP://a"));
}

TEST(WebOrigin, HasAHostInAnyCaseAndAnAddressInAnyForm) {
  EXPECT_TRUE(AreSame("HTTPS://Example.ORG", "https://example.org"));
  EXPECT_TRUE(AreSame("http://[::1]", "http://[0:0:0:0:0:0:0:1]:80"));
  EXPECT_TRUE(AreSame("http://[2001:DB8::A]", "http://[2001:db8:0::a]"));
  EXPECT_FALSE(AreSame("http://[::1]", "http://[::2]"));
  EXPECT_FALSE(AreSame("http://[::1]:81", "http://[::1]"));
  EXPECT_FALSE(AreSame("http://a", "http://a."));
}

TEST(WebOrigin, IsOfTheHostThatItsRequestNames) {
  for (const char* host : {"a", "A", "a:80", "a:080", "a:"}) EXPECT_TRUE(IsOf("http://a", host));
  EXPECT_TRUE(IsOf("http://a:80", "a"));
  EXPECT_TRUE(IsOf("https://a:443", "a"));
  EXPECT_TRUE(IsOf("https://a", "a:443"));
  EXPECT_TRUE(IsOf("http://[::1]:8080", "[0::1]:8080"));
  EXPECT_TRUE(IsOf("http://a:8080", "a:8080"));
  EXPECT_FALSE(IsOf("https://a", "a:80"));
  EXPECT_FALSE(IsOf("http://a", "a:443"));
  EXPECT_FALSE(IsOf("http://a:8080", "a"));
  EXPECT_FALSE(IsOf("http://a", "b"));
  EXPECT_FALSE(IsOf("http://a", ""));
  EXPECT_FALSE(IsOf("http://a", "a:80x"));
}

TEST(WebOrigin, IsNothingElse) {
  for (const std::string text : {"",
                                 "null",
                                 "a",
                                 "//a",
                                 "://a",
                                 "http:/a",
                                 "http://",
                                 "http://:80",
                                 "http://a/",
                                 "http://a/x",
                                 "http://u@a",
                                 "http://a?x",
                                 "http://a#x",
                                 "http://a b",
                                 "http://a:65536",
                                 "http://a:99999999",
                                 "http://a:18446744073709551696",
                                 "http://a:-1",
                                 "http://[::1",
                                 "http://[::g]",
                                 "1http://a",
                                 "ht tp://a",
                                 "http://a,http://a",
                                 "http://a http://b"}) {
    EXPECT_FALSE(WebOrigin::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace muster::worker::websocket
