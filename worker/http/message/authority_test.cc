#include "muster/worker/http/message/authority.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(Authority, IsAHostAndPerhapsAPort) {
  for (absl::string_view text : {"a",
                                 "example.com",
                                 "a_b",
                                 "a:",
                                 "a:0",
                                 "example.com:8080",
                                 "127.0.0.1",
                                 "127.0.0.1:80",
                                 "1.2.3",
                                 "999.1.1.1",
                                 "%41%c3%A9",
                                 "a!$&'()*+,;=~-._",
                                 "[::1]",
                                 "[::]:80",
                                 "[::1]:",
                                 "[2001:db8::8:800:200c:417a]",
                                 "[1:2:3:4:5:6:7:8]",
                                 "[1:2:3:4:5:6:7::]",
                                 "[::2:3:4:5:6:7:8]",
                                 "[1:2:3:4:5:6:1.2.3.4]",
                                 "[::ffff:255.0.0.99]",
                                 "[v1.a:b]",
                                 "[VF0.~]:1"}) {
    EXPECT_TRUE(IsAuthority(text)) << text;
  }
}

TEST(Authority, OfAnotherFormIsNone) {
  for (absl::string_view text : {"",
                                 ":80",
                                 "a:b",
                                 "localhost:80a",
                                 "a:80:80",
                                 "a:-1",
                                 "a:+1",
                                 "a b",
                                 "a/b",
                                 "a?b",
                                 "a#b",
                                 "a@b",
                                 "user:password@a",
                                 "a\"",
                                 "<a>",
                                 "\xc3\xa9",
                                 "%",
                                 "%4",
                                 "%zz",
                                 "a%4",
                                 "[",
                                 "]",
                                 "[]",
                                 "[::1",
                                 "::1",
                                 "[::1]a",
                                 "[::1]80",
                                 "[::1]:a",
                                 "[[::1]]",
                                 "a[::1]",
                                 "[1]",
                                 "[:]",
                                 "[:1]",
                                 "[1:]",
                                 "[:::]",
                                 "[1::2::3]",
                                 "[1:2:3:4:5:6:7]",
                                 "[1:2:3:4:5:6:7:8:9]",
                                 "[1:2:3:4:5:6:7:8::]",
                                 "[1:2:3:4::5:6:7:8]",
                                 "[12345::]",
                                 "[g::]",
                                 "[1.2.3.4]",
                                 "[::1.2.3]",
                                 "[::256.1.1.1]",
                                 "[::01.1.1.1]",
                                 "[::1.2.3.4:5]",
                                 "[fe80::1%25eth0]",
                                 "[v.a]",
                                 "[v1.]",
                                 "[v1]",
                                 "[vg.a]",
                                 "[127.0.0.1]"}) {
    EXPECT_FALSE(IsAuthority(text)) << text;
  }
}

}  // namespace
}  // namespace muster::worker::http
