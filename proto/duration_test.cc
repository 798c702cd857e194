#include "muster/proto/duration.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "gtest/gtest.h"

namespace muster::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

google::protobuf::Duration Of(std::int64_t seconds, std::int32_t nanos) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

TEST(Duration, GoesToChronoAndBack) {
  for (nanoseconds value :
       {nanoseconds(0), nanoseconds(-1), nanoseconds(1'500'000'000), nanoseconds(-2'000'000'001)}) {
    EXPECT_TRUE(IsValid(FromChrono(value)));
    EXPECT_EQ(ToChrono(FromChrono(value)), value);
  }
}

TEST(Duration, IsInvalidOutsideOfItsFormat) {
  EXPECT_FALSE(IsValid(Of(1, -1)));
  EXPECT_FALSE(IsValid(Of(-1, 1)));
  EXPECT_FALSE(IsValid(Of(0, 1'000'000'000)));
  EXPECT_FALSE(IsValid(Of(0, std::numeric_limits<std::int32_t>::min())));
  EXPECT_FALSE(IsValid(Of(std::numeric_limits<std::int64_t>::max(), 0)));
  EXPECT_FALSE(IsValid(Of(std::numeric_limits<std::int64_t>::min(), 0)));
  EXPECT_EQ(ToChrono(Of(std::numeric_limits<std::int64_t>::max(), 0)), nanoseconds(0));
}

TEST(Duration, IsReadWithItsUnits) {
  EXPECT_EQ(ParseDuration("60s"), seconds(60));
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(ParseDuration("60"), std::nullopt);
  EXPECT_EQ(ParseDuration("inf"), std::nullopt);
  EXPECT_EQ(ParseDuration(""), std::nullopt);
}

TEST(Duration, IsPrintedInSecondsOrMilliseconds) {
  EXPECT_EQ(DurationText(seconds(86400)), "86400s");
  EXPECT_EQ(DurationText(milliseconds(500)), "500ms");
  EXPECT_EQ(DurationText(milliseconds(1500)), "1.5s");
  EXPECT_EQ(DurationText(seconds(0)), "0s");
}

}  // namespace
}  // namespace muster::config
