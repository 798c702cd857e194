#include "muster/ipc/lock/internal/spin_budget.h"

#include "gtest/gtest.h"

namespace muster::ipc::internal {
namespace {

TEST(PausesIn, IsZeroForNoTime) {
  EXPECT_EQ(PausesIn(absl::ZeroDuration()), 0u);
  EXPECT_EQ(PausesIn(-absl::Seconds(1)), 0u);
}

TEST(PausesIn, GrowsWithTheTime) {
  EXPECT_LE(PausesIn(absl::Microseconds(1)), PausesIn(absl::Microseconds(10)));
}

TEST(PausesIn, StaysInRangeForAnInfiniteTime) {
  EXPECT_EQ(PausesIn(absl::InfiniteDuration()), PausesIn(absl::Minutes(1)));
}

TEST(Spinner, NeverPausesWithoutABudget) {
  Spinner spinner(0);
  EXPECT_FALSE(spinner.Pause());
}

TEST(Spinner, LooksOftenAtFirstAndSeldomLater) {
  // 1 + 2 + 4 + 8 + 16 + 32 + 64 pauses.
  Spinner spinner(127);
  int looks = 0;
  while (spinner.Pause()) ++looks;
  EXPECT_EQ(looks, 7);
}

}  // namespace
}  // namespace muster::ipc::internal
