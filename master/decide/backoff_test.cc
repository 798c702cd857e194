#include "muster/master/decide/backoff.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RestartTerms kTerms = {
    .floor = milliseconds(100), .ceiling = seconds(30), .reset = seconds(60), .burst = 2};

TEST(Backoff, GrowsOneAndAHalfTimesFromTheFloor) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next(false, kTerms), milliseconds(100));
  EXPECT_EQ(backoff.Next(false, kTerms), milliseconds(150));
  EXPECT_EQ(backoff.Next(false, kTerms), milliseconds(225));
}

TEST(Backoff, StopsGrowingAtTheCeiling) {
  Backoff backoff;
  for (int i = 0; i < 1000; ++i) backoff.Next(false, kTerms);
  EXPECT_EQ(backoff.Next(false, kTerms), seconds(30));
}

TEST(Backoff, HasNoPauseForABurstOfThoseThatServed) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next(true, kTerms), Duration::zero());
  EXPECT_EQ(backoff.Next(true, kTerms), Duration::zero());
  EXPECT_EQ(backoff.Next(true, kTerms), milliseconds(100));
  EXPECT_EQ(backoff.Next(true, kTerms), milliseconds(150));
}

TEST(Backoff, CountsNoPauseAsAStartAtOnce) {
  Backoff backoff;
  backoff.Next(false, kTerms);
  EXPECT_EQ(backoff.at_once(), 0u);
  EXPECT_EQ(backoff.Next(true, kTerms), Duration::zero());
}

TEST(Backoff, FollowsTermsThatChange) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(false, kTerms);
  const RestartTerms shorter = {.floor = milliseconds(1), .ceiling = milliseconds(50)};
  EXPECT_EQ(backoff.Next(false, shorter), milliseconds(50));
  EXPECT_EQ(backoff.Next(false, kTerms), milliseconds(100));
}

TEST(Backoff, GoesOnWhereAnotherOneWas) {
  Backoff backoff;
  for (int i = 0; i < 3; ++i) backoff.Next(true, kTerms);
  Backoff other(backoff.at_once(), backoff.next());
  EXPECT_EQ(other, backoff);
  EXPECT_EQ(other.Next(true, kTerms), milliseconds(150));
}

}  // namespace
}  // namespace muster::master
