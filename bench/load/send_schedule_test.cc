#include "muster/bench/load/send_schedule.h"

#include <gtest/gtest.h>

namespace muster::bench {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(SendSchedule, HasARequestEachPartOfASecond) {
  const SendSchedule schedule(4, seconds(2));
  EXPECT_EQ(schedule.count(), 8u);
  EXPECT_EQ(schedule.DueAt(0), nanoseconds(0));
  EXPECT_EQ(schedule.DueAt(1), nanoseconds(250'000'000));
  EXPECT_EQ(schedule.DueAt(7), nanoseconds(1'750'000'000));
}

TEST(SendSchedule, DoesNotDriftAtARateThatNanosecondsDoNotDivide) {
  const SendSchedule schedule(70'000, seconds(3600));
  EXPECT_EQ(schedule.count(), 252'000'000u);
  EXPECT_EQ(schedule.DueAt(70'000), seconds(1));
  EXPECT_EQ(schedule.DueAt(70'000 * 3599), seconds(3599));
}

TEST(SendSchedule, CallsARequestDueFromItsTimeOn) {
  const SendSchedule schedule(1000, seconds(1));
  EXPECT_TRUE(schedule.IsDue(0, nanoseconds(0)));
  EXPECT_FALSE(schedule.IsDue(1, nanoseconds(999'999)));
  EXPECT_TRUE(schedule.IsDue(1, nanoseconds(1'000'000)));
  EXPECT_TRUE(schedule.IsDue(999, seconds(5)));
}

TEST(SendSchedule, HasNoRequestBehindTheLast) {
  const SendSchedule schedule(1000, seconds(1));
  EXPECT_FALSE(schedule.IsDue(1000, seconds(5)));
}

TEST(SendSchedule, HasOneRequestIfTheTimeIsShorterThanADistance) {
  EXPECT_EQ(SendSchedule(0.5, seconds(1)).count(), 1u);
}

}  // namespace
}  // namespace muster::bench
