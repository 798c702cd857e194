#include "muster/worker/http/message/request_target.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

// The path of `target`; "malformed" if it is.
std::string PathOf(absl::string_view target) {
  RequestTarget parsed;
  return parsed.Parse(target) ? std::string(parsed.path()) : "malformed";
}

TEST(RequestTarget, HasAPathAndAQuery) {
  RequestTarget target;
  ASSERT_TRUE(target.Parse("/a/b.html?x=%20/../?&y"));
  EXPECT_EQ(target.path(), "/a/b.html");
  EXPECT_EQ(target.query(), "?x=%20/../?&y");
}

TEST(RequestTarget, ForgetsTheOneBefore) {
  RequestTarget target;
  ASSERT_TRUE(target.Parse("/a%20b?x"));
  ASSERT_TRUE(target.Parse("/c"));
  EXPECT_EQ(target.path(), "/c");
  EXPECT_EQ(target.query(), "");
}

TEST(RequestTarget, IsPercentDecoded) {
  EXPECT_EQ(PathOf("/a%20b%c3%A9"), "/a b\xc3\xa9");
  EXPECT_EQ(PathOf("/%2541"), "/%41");
  EXPECT_EQ(PathOf("/a+b"), "/a+b");
  EXPECT_EQ(PathOf("/a%3fb"), "/a?b");
}

TEST(RequestTarget, WithAMalformedEncodingIsMalformed) {
  for (absl::string_view target : {"/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%2"}) {
    EXPECT_EQ(PathOf(target), "malformed") << target;
  }
}

TEST(RequestTarget, WithANulIsMalformed) {
  EXPECT_EQ(PathOf("/index.html%00.png"), "malformed");
  EXPECT_EQ(PathOf(absl::string_view("/a\0b", 4)), "malformed");
}

TEST(RequestTarget, LosesItsDotSegments) {
  EXPECT_EQ(PathOf("/a/./b"), "/a/b");
  EXPECT_EQ(PathOf("/a/../b"), "/b");
  EXPECT_EQ(PathOf("/a/b/c/../../d"), "/a/d");
  EXPECT_EQ(PathOf("/a/b/.."), "/a/");
  EXPECT_EQ(PathOf("/a/."), "/a/");
  EXPECT_EQ(PathOf("/."), "/");
  EXPECT_EQ(PathOf("/a/.."), "/");
}

TEST(RequestTarget, KeepsNamesThatOnlyBeginWithDots) {
  EXPECT_EQ(PathOf("/.well-known/x"), "/.well-known/x");
  EXPECT_EQ(PathOf("/..a/...//b"), "/..a/.../b");
}

TEST(RequestTarget, HasOneSlashWhereSeveralWere) {
  EXPECT_EQ(PathOf("//a///b//"), "/a/b/");
  EXPECT_EQ(PathOf("//evil.example/"), "/evil.example/");
}

TEST(RequestTarget, AboveTheRootIsMalformed) {
  for (absl::string_view target : {"/..", "/../", "/../etc/passwd", "/a/../../b", "/%2e%2e/x",
                                   "/%2e%2e%2fetc", "/./../x", "/a/..%2f..%2fx", "//../x"}) {
    EXPECT_EQ(PathOf(target), "malformed") << target;
  }
}

TEST(RequestTarget, TreatsEncodedDotsAndSlashesAsPlainOnes) {
  EXPECT_EQ(PathOf("/a/%2e%2E/b"), "/b");
  EXPECT_EQ(PathOf("/a%2fb"), "/a/b");
  EXPECT_EQ(PathOf("/a%2f%2e%2e%2fb"), "/b");
}

TEST(RequestTarget, MayBeAbsolute) {
  EXPECT_EQ(PathOf("http://example.com/a/../b?c"), "/b");
  EXPECT_EQ(PathOf("HTTPS://example.com:8443"), "/");
  EXPECT_EQ(PathOf("http://example.com?c"), "/");
}

TEST(RequestTarget, WithAMalformedAuthorityIsMalformed) {
  for (absl::string_view authority :
       {"a:b", "[::1", "[]", "%zz", "localhost:80a", "user@a", ":80", "a\\b", "a,b:c"}) {
    EXPECT_EQ(PathOf(absl::StrCat("http://", authority, "/")), "malformed") << authority;
  }
  EXPECT_EQ(PathOf("http://[::1]:80/a"), "/a");
}

TEST(RequestTarget, HasBytesBeyondAsciiOnlyIfTheyAreAdmitted) {
  for (absl::string_view target : {"/\xc3\xa9", "/a?\xc3\xa9", "/\x80", "/\xff", "/a%20\xe9"}) {
    EXPECT_EQ(PathOf(target), "malformed") << target;
    RequestTarget any(RequestTarget::Bytes::kAny);
    EXPECT_TRUE(any.Parse(target)) << target;
  }
  RequestTarget any(RequestTarget::Bytes::kAny);
  ASSERT_TRUE(any.Parse("/\xc3\xa9?\xff"));
  EXPECT_EQ(any.path(), "/\xc3\xa9");
  EXPECT_EQ(any.query(), "?\xff");
}

TEST(RequestTarget, MayHaveWhatBrowsersDoNotEncode) {
  EXPECT_EQ(PathOf("/a\"<>[]^`{|}\\b?\"<>[]^`{|}\\%"), "/a\"<>[]^`{|}\\b");
}

TEST(RequestTarget, MayBeAStar) { EXPECT_EQ(PathOf("*"), "*"); }

TEST(RequestTarget, OfAnotherFormIsMalformed) {
  for (absl::string_view target :
       {"", "a", "example.com:443", "http:///a", "http://", "ftp://example.com/", "?a", "**",
        "/a#b", "/a b", "/a\tb", "/a\x7f"}) {
    EXPECT_EQ(PathOf(target), "malformed") << target;
  }
}

TEST(EncodePath, EncodesWhatAFieldOrAUriCannotHave) {
  EXPECT_EQ(EncodePath("/a b/\r\n\"<>%?#\xc3\xa9"), "/a%20b/%0D%0A%22%3C%3E%25%3F%23%C3%A9");
  EXPECT_EQ(EncodePath("/a-b_c.d~e/"), "/a-b_c.d~e/");
}

TEST(EncodeQuery, EncodesWhatAQueryCannotHave) {
  EXPECT_EQ(EncodeQuery(""), "");
  EXPECT_EQ(EncodeQuery("?a=b/c?d&e=%20%c3%A9"), "?a=b/c?d&e=%20%c3%A9");
  EXPECT_EQ(EncodeQuery("?\"<>[\\]^`{|}\xc3\xa9"), "?%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D%C3%A9");
  EXPECT_EQ(EncodeQuery("?%&%4&%zz&%"), "?%25&%254&%25zz&%25");
}

}  // namespace
}  // namespace muster::worker::http
