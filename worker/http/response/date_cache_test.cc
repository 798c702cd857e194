#include "muster/worker/http/response/date_cache.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~TimeZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST(DateCache, HoldsTheWallClocksTime) {
  const std::int64_t before = std::time(nullptr);
  DateCache cache;
  cache.Update(loop::TimePoint());
  const std::int64_t after = std::time(nullptr);
  EXPECT_GE(ParseHttpDate(cache.http_date()), before);
  EXPECT_LE(ParseHttpDate(cache.http_date()), after);
}

TEST(DateCache, IsFormattedAgainOnlyInTheNextSecond) {
  const loop::TimePoint start;
  DateCache cache;
  cache.Update(start);
  const std::uint64_t version = cache.version();
  cache.Update(start);
  EXPECT_EQ(cache.version(), version);
  cache.Update(start + seconds(1));
  EXPECT_NE(cache.version(), version);
}

TEST(LogTime, IsInLocalTimeWithItsOffset) {
  {
    const TimeZone zone("UTC");
    EXPECT_EQ(FormatLogTime(784111777), "06/Nov/1994:08:49:37 +0000");
  }
  {
    const TimeZone zone("XXX+3:30");
    EXPECT_EQ(FormatLogTime(784111777), "06/Nov/1994:05:19:37 -0330");
  }
  {
    const TimeZone zone("XXX-5:45");
    EXPECT_EQ(FormatLogTime(784111777), "06/Nov/1994:14:34:37 +0545");
  }
}

TEST(FormatIsoTime, IsInUtc) {
  const TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(FormatIsoTime(784111777), "1994-11-06T08:49:37+00:00");
}

TEST(DateCache, CountsMillisecondsBetweenTwoSeconds) {
  DateCache date;
  date.Update(loop::TimePoint());
  const std::int64_t before = date.unix_milliseconds();
  date.Update(loop::TimePoint() + milliseconds(1));
  EXPECT_LE(std::abs(date.unix_milliseconds() - before - 1), 1000);
  EXPECT_LE(std::abs(before / 1000 - std::time(nullptr)), 5);
}

}  // namespace
}  // namespace muster::worker::http
