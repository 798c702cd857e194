#include "muster/master/decide/backoff.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, GrowsOneAndAHalfTimesFromAHundredMilliseconds) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next({}), milliseconds(100));
  EXPECT_EQ(backoff.Next({}), milliseconds(150));
  EXPECT_EQ(backoff.Next({}), milliseconds(225));
}

TEST(Backoff, StopsGrowingAtHalfAMinute) {
  Backoff backoff;
  for (int i = 0; i < 1000; ++i) backoff.Next({});
  EXPECT_EQ(backoff.Next({}), seconds(30));
}

TEST(Backoff, BeginsAnewAfterAMinuteOfHealth) {
  Backoff backoff;
  backoff.Next({});
  backoff.Next({});
  EXPECT_EQ(backoff.Next(seconds(60)), milliseconds(100));
  EXPECT_EQ(backoff.Next({}), milliseconds(150));
}

TEST(Backoff, GoesOnGrowingAfterLessThanAMinuteOfHealth) {
  Backoff backoff;
  backoff.Next({});
  EXPECT_EQ(backoff.Next(milliseconds(59'999)), milliseconds(150));
}

}  // namespace
}  // namespace muster::master
