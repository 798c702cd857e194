#include "muster/ipc/base/deadline.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

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

TEST(Deadline, TakesAnyDurationOfTheStandardLibrary) {
  using std::chrono::duration;
  const std::int64_t before = Deadline::After(absl::ZeroDuration()).nanoseconds();
  EXPECT_GE(Deadline::After(duration<double>(0.5)).nanoseconds(), before + 500'000'000);
  EXPECT_GE(Deadline::After(duration<float, std::ratio<3600>>(2)).nanoseconds(),
            before + 7'200'000'000'000);
  EXPECT_GE(Deadline::After(duration<std::int64_t, std::pico>(1)).nanoseconds(), before + 1);
  EXPECT_GE(Deadline::After(duration<std::uint8_t>(200)).nanoseconds(), before + 200'000'000'000);
}

TEST(Deadline, KnowsDurationsThatNoClockCounts) {
  using std::chrono::duration;
  using Limits = std::numeric_limits<double>;
  EXPECT_TRUE(Deadline::After(duration<double>(Limits::infinity())).is_never());
  EXPECT_TRUE(Deadline::After(duration<double>(1e300)).is_never());
  EXPECT_TRUE(Deadline::After(std::chrono::hours::max()).is_never());
  EXPECT_TRUE(Deadline::After(duration<double>(-Limits::infinity())).has_passed());
  EXPECT_TRUE(Deadline::After(duration<double>(Limits::quiet_NaN())).has_passed());
  EXPECT_TRUE(Deadline::After(std::chrono::hours::min()).has_passed());
}

TEST(Deadline, IsATimeOfAnyClock) {
  using std::chrono::duration;
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  EXPECT_FALSE(Deadline::Until(system_clock::now() + duration<double>(3600)).has_passed());
  EXPECT_TRUE(Deadline::Until(system_clock::now()).has_passed());
  EXPECT_TRUE(Deadline::Until(system_clock::time_point::max()).is_never());
  EXPECT_TRUE(Deadline::Until(system_clock::time_point::min()).has_passed());
  EXPECT_TRUE(
      Deadline::Until(std::chrono::time_point<steady_clock, std::chrono::hours>::max()).is_never());
}

TEST(Deadline, IsATimeoutOfPoll) {
  EXPECT_EQ(Deadline::Never().poll_timeout(), -1);
  EXPECT_EQ(Deadline::After(absl::ZeroDuration()).poll_timeout(), 0);
  EXPECT_EQ(Deadline::After(absl::Hours(24 * 365)).poll_timeout(), 2147483647);
  const int milliseconds = Deadline::After(absl::Hours(1)).poll_timeout();
  EXPECT_LE(milliseconds, 3'600'000);
  EXPECT_GT(milliseconds, 0);
}

TEST(Deadline, IsATimeOfTheSteadyClock) {
  const auto time = std::chrono::steady_clock::now();
  EXPECT_EQ(Deadline::At(time).time(), time);
  EXPECT_EQ(Deadline::Never().time(), std::chrono::steady_clock::time_point::max());
}

TEST(Earlier, PrefersAnyDeadlineToNever) {
  const Deadline soon = Deadline::After(absl::Seconds(1));
  EXPECT_EQ(Earlier(soon, Deadline::Never()).nanoseconds(), soon.nanoseconds());
  EXPECT_EQ(Earlier(Deadline::Never(), soon).nanoseconds(), soon.nanoseconds());
}

}  // namespace
}  // namespace muster::ipc
