#include "muster/ipc/base/deadline.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(Deadline, NeverPassesWhenItIsNever) {
  EXPECT_TRUE(Deadline::Never().is_never());
  EXPECT_FALSE(Deadline::Never().has_passed());
}

TEST(Deadline, HasPassedAfterNoTimeAtAll) {
  EXPECT_TRUE(Deadline::After(absl::ZeroDuration()).has_passed());
}

TEST(Deadline, HasPassedWhenItWasBeforeNow) {
  EXPECT_TRUE(Deadline::After(-absl::Seconds(1)).has_passed());
  EXPECT_TRUE(Deadline::After(-absl::InfiniteDuration()).has_passed());
}

TEST(Deadline, HasNotPassedBeforeItsTime) {
  EXPECT_FALSE(Deadline::After(absl::Hours(1)).has_passed());
}

TEST(Deadline, IsNeverAfterAnInfiniteDuration) {
  EXPECT_TRUE(Deadline::After(absl::InfiniteDuration()).is_never());
}

TEST(Deadline, CountsNanosecondsOfTheSteadyClock) {
  using std::chrono::steady_clock;
  EXPECT_EQ(Deadline::At(steady_clock::time_point(std::chrono::seconds(3))).nanoseconds(),
            3'000'000'000);
}

TEST(Deadline, IsATimeoutOfPoll) {
  EXPECT_EQ(Deadline::Never().poll_timeout(), -1);
  EXPECT_EQ(Deadline::After(absl::ZeroDuration()).poll_timeout(), 0);
  EXPECT_EQ(Deadline::After(absl::Hours(24 * 365)).poll_timeout(), 2147483647);
  const int milliseconds = Deadline::After(absl::Hours(1)).poll_timeout();
  EXPECT_LE(milliseconds, 3'600'000);
  EXPECT_GT(milliseconds, 0);
}

TEST(Earlier, PrefersAnyDeadlineToNever) {
  const Deadline soon = Deadline::After(absl::Seconds(1));
  EXPECT_EQ(Earlier(soon, Deadline::Never()).nanoseconds(), soon.nanoseconds());
  EXPECT_EQ(Earlier(Deadline::Never(), soon).nanoseconds(), soon.nanoseconds());
}

}  // namespace
}  // namespace muster::ipc
