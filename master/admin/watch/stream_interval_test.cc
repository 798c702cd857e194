#include "muster/master/admin/watch/stream_interval.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<Feed::Clock::duration> IntervalOf(std::int64_t seconds, std::int32_t nanos,
                                                Feed::Clock::duration least = {}) {
  google::protobuf::Duration asked;
  asked.set_seconds(seconds);
  asked.set_nanos(nanos);
  return StreamInterval(asked, least);
}

TEST(StreamInterval, IsRoundedUpToTenthsOfASecond) {
  EXPECT_EQ(IntervalOf(0, 0), milliseconds(0));
  EXPECT_EQ(IntervalOf(0, 1), milliseconds(100));
  EXPECT_EQ(IntervalOf(0, 100'000'000), milliseconds(100));
  EXPECT_EQ(IntervalOf(0, 100'000'001), milliseconds(200));
  EXPECT_EQ(IntervalOf(1, 250'000'000), milliseconds(1300));
  EXPECT_EQ(IntervalOf(2, 999'999'999), seconds(3));
}

TEST(StreamInterval, HasBounds) {
  EXPECT_EQ(IntervalOf(3600, 0), kLongestInterval);
  EXPECT_EQ(IntervalOf(3600, 1), std::nullopt);
  EXPECT_EQ(IntervalOf(3601, 0), std::nullopt);
  EXPECT_EQ(IntervalOf(0, 100'000'000, milliseconds(100)), milliseconds(100));
  EXPECT_EQ(IntervalOf(0, 99'999'999, milliseconds(100)), std::nullopt);
}

TEST(StreamInterval, IsNothingForWhatIsNoDuration) {
  EXPECT_EQ(IntervalOf(-1, 0), std::nullopt);
  EXPECT_EQ(IntervalOf(0, -1), std::nullopt);
  EXPECT_EQ(IntervalOf(1, 1'000'000'000), std::nullopt);
  EXPECT_EQ(IntervalOf(std::numeric_limits<std::int64_t>::max(), 0), std::nullopt);
}

}  // namespace
}  // namespace muster::master
