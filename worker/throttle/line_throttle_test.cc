#include "muster/worker/throttle/line_throttle.h"

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;

constexpr loop::TimePoint kStart = loop::TimePoint(seconds(1000));

TEST(LineThrottle, AdmitsOneOfEachKindInAnInterval) {
  LineThrottle throttle;
  EXPECT_TRUE(throttle.Admit("a", kStart));
  EXPECT_TRUE(throttle.Admit("b", kStart));
  EXPECT_FALSE(throttle.Admit("a", kStart + seconds(9)));
  EXPECT_TRUE(throttle.Admit("b", kStart + seconds(10)));
}

TEST(LineThrottle, TellsHowManyItDidNotAdmit) {
  LineThrottle throttle;
  EXPECT_EQ(throttle.next_due(), std::nullopt);
  throttle.Admit("a", kStart);
  EXPECT_EQ(throttle.next_due(), std::nullopt);
  throttle.Admit("a", kStart + seconds(1));
  throttle.Admit("a", kStart + seconds(2));
  EXPECT_EQ(throttle.next_due(), kStart + seconds(10));
  EXPECT_TRUE(throttle.TakeDue(kStart + seconds(9)).empty());
  const auto due = throttle.TakeDue(kStart + seconds(10));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].kind, "a");
  EXPECT_EQ(due[0].lines, 2u);
  EXPECT_EQ(throttle.next_due(), std::nullopt);
}

TEST(LineThrottle, GoesOnCountingAfterItHasTold) {
  LineThrottle throttle;
  throttle.Admit("a", kStart);
  throttle.Admit("a", kStart);
  throttle.TakeDue(kStart + seconds(10));
  EXPECT_FALSE(throttle.Admit("a", kStart + seconds(11)));
  EXPECT_EQ(throttle.TakeDue(kStart + seconds(20))[0].lines, 1u);
  EXPECT_TRUE(throttle.Admit("a", kStart + seconds(30)));
}

}  // namespace
}  // namespace muster::worker
