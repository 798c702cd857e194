#include "muster/worker/http/pieces/trailers.h"

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(Trailers, MayTellWhatIsKnownAtTheEnd) {
  for (const absl::string_view name :
       {"ETag", "Server-Timing", "Digest", "X-Checksum", "Last-Modified", "IfX"}) {
    EXPECT_TRUE(CheckTrailer(name, "a \"b\"\t\xc3\xa4").ok()) << name;
  }
}

TEST(Trailers, MustNotBeWhatIsNeededBefore) {
  for (const absl::string_view name : {"Content-Length",
                                       "Transfer-Encoding",
                                       "Trailer",
                                       "Connection",
                                       "TE",
                                       "Upgrade",
                                       "Host",
                                       "Cache-Control",
                                       "If-Match",
                                       "If-None-Match",
                                       "If-Whatever",
                                       "Range",
                                       "Expect",
                                       "Max-Forwards",
                                       "Authorization",
                                       "WWW-Authenticate",
                                       "Proxy-Authenticate",
                                       "Proxy-Authorization",
                                       "Set-Cookie",
                                       "Cookie",
                                       "Age",
                                       "Date",
                                       "Expires",
                                       "Location",
                                       "Retry-After",
                                       "Vary",
                                       "Warning",
                                       "Content-Encoding",
                                       "Content-Type",
                                       "Content-Range"}) {
    EXPECT_FALSE(CheckTrailer(name, "1").ok()) << name;
    EXPECT_FALSE(CheckTrailer(absl::AsciiStrToLower(name), "1").ok()) << name;
  }
  EXPECT_EQ(CheckTrailerName("host").message(), "trailer \"host\": must not come behind a body");
}

TEST(Trailers, AreFields) {
  EXPECT_EQ(CheckTrailer("a b", "1").message(), "trailer \"a b\": is not the name of a field");
  EXPECT_FALSE(CheckTrailer("", "1").ok());
  EXPECT_FALSE(CheckTrailer("a\r\n", "1").ok());
  EXPECT_EQ(CheckTrailer("a", "1\r\nHost: b").message(),
            "trailer \"a\": its value has a control character");
}

}  // namespace
}  // namespace muster::worker::http
