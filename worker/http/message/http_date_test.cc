#include "muster/worker/http/message/http_date.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

constexpr std::int64_t kExample = 784111777;  // the date that RFC 9110 shows

TEST(HttpDate, IsFormattedAsImfFixdate) {
  EXPECT_EQ(FormatHttpDate(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(FormatHttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(FormatHttpDate(kExample).size(), kHttpDateBytes);
}

TEST(HttpDate, IsReadInAllThreeForms) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994"), kExample);
}

TEST(HttpDate, ReadsWhatItWrote) {
  for (std::int64_t seconds = 1; seconds < 4'000'000'000; seconds += 86'399'987) {
    EXPECT_EQ(ParseHttpDate(FormatHttpDate(seconds)), seconds);
  }
}

TEST(HttpDate, OfTwoDigitsOfAYearIsBefore2070) {
  EXPECT_EQ(ParseHttpDate("Friday, 01-Jan-70 00:00:00 GMT"), 0);
  EXPECT_EQ(FormatHttpDate(*ParseHttpDate("Tuesday, 01-Jan-69 00:00:00 GMT")),
            "Tue, 01 Jan 2069 00:00:00 GMT");
}

TEST(HttpDate, MayFallOnALeapSecond) {
  EXPECT_EQ(ParseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT"),
            ParseHttpDate("Sun, 01 Jan 2017 00:00:00 GMT"));
}

TEST(HttpDate, ThatIsMalformedIsNone) {
  for (absl::string_view text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37",
                                 "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 UTC",
                                 "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                                 "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                                 "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
                                 "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 19x4 08:49:37 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace muster::worker::http
