#include "muster/master/admin/connection/answer_time.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr loop::TimePoint kNow = loop::TimePoint() + std::chrono::hours(1);

TEST(AnswerTime, IsATenthBeforeTheDeadline) {
  EXPECT_EQ(AnswerTime(seconds(60), kNow), kNow + seconds(54));
}

TEST(AnswerTime, LeavesTheAnswerTimeToTravel) {
  EXPECT_EQ(AnswerTime(seconds(1), kNow), kNow + milliseconds(750));
}

TEST(AnswerTime, IsAfterHalfOfAShortTime) {
  EXPECT_EQ(AnswerTime(milliseconds(50), kNow), kNow + milliseconds(25));
}

TEST(AnswerTime, IsNowWhenTheDeadlineHasCome) {
  EXPECT_EQ(AnswerTime(milliseconds(0), kNow), kNow);
  EXPECT_EQ(AnswerTime(seconds(-5), kNow), kNow);
}

TEST(AnswerTime, IsNeverWithoutADeadline) {
  EXPECT_EQ(AnswerTime(std::chrono::system_clock::duration::max(), kNow), std::nullopt);
  EXPECT_EQ(
      AnswerTime(std::chrono::system_clock::time_point::max() - std::chrono::system_clock::now(),
                 kNow),
      std::nullopt);
}

}  // namespace
}  // namespace muster::master
