#include "muster/ctl/text/units.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace muster::ctl {
namespace {

TEST(FormatAge, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(FormatAge(absl::Seconds(59)), "59s");
  EXPECT_EQ(FormatAge(absl::Seconds(60)), "1m00s");
  EXPECT_EQ(FormatAge(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(FormatAge(absl::Hours(1) - absl::Seconds(1)), "59m59s");
  EXPECT_EQ(FormatAge(absl::Hours(2) + absl::Minutes(5) + absl::Seconds(59)), "2h05m");
  EXPECT_EQ(FormatAge(absl::Hours(24)), "1d00h");
  EXPECT_EQ(FormatAge(absl::Hours(24 * 400 + 3)), "400d03h");
}

TEST(FormatAge, OfTheFutureIsZero) { EXPECT_EQ(FormatAge(-absl::Seconds(5)), "0s"); }

TEST(FormatElapsed, IsFinerTheShorterItTook) {
  EXPECT_EQ(FormatElapsed(absl::Microseconds(900)), "0ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(84)), "84ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(1250)), "1.2s");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(59'990)), "59.9s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(192)), "3m12s");
}

TEST(FormatBytes, StaysBelowTheNextUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(UINT64_MAX), "16.0 EiB");
}

}  // namespace
}  // namespace muster::ctl
