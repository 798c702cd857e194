#include "muster/worker/runtime/handoff/handoff_share.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMost = 1000;

HandoffTaker Taker(std::uint32_t slot, std::uint64_t held, std::uint64_t capacity = kMost) {
  return {.slot = slot, .held = held, .capacity = capacity, .adopted = 0};
}

TEST(ShareOf, IsAllThatThereIsRoomForWithoutOthers) {
  EXPECT_EQ(ShareOf(Taker(0, 0), {}), kMost);
  EXPECT_EQ(ShareOf(Taker(0, 990), {}), 10u);
  EXPECT_EQ(ShareOf(Taker(0, 1000), {}), 0u);
}

TEST(ShareOf, IsOneAmongEqualsWithFewConnections) {
  EXPECT_EQ(ShareOf(Taker(0, 5), {Taker(1, 5), Taker(2, 5)}), 1u);
}

TEST(ShareOf, IsNothingForOneThatHoldsMoreThanAnother) {
  EXPECT_EQ(ShareOf(Taker(0, 6), {Taker(1, 5), Taker(2, 9)}), 0u);
}

TEST(ShareOf, CatchesUpWithOthersAtOnce) {
  EXPECT_EQ(ShareOf(Taker(0, 0), {Taker(1, 50), Taker(2, 60)}), 50u + 6u);
}

TEST(ShareOf, IsAnEighthAmongEqualsWithManyConnections) {
  EXPECT_EQ(ShareOf(Taker(0, 80), {Taker(1, 80)}), 10u);
}

TEST(ShareOf, DoesNotWaitForOneWithoutRoom) {
  EXPECT_EQ(ShareOf(Taker(0, 100), {Taker(1, 5, 5)}), 900u);
  EXPECT_EQ(ShareOf(Taker(0, 100), {Taker(1, 5, 0)}), 900u);
}

TEST(ShareOf, IsNeverMoreThanThereIsRoomFor) {
  EXPECT_EQ(ShareOf(Taker(0, 58, 60), {Taker(1, 500)}), 2u);
  EXPECT_EQ(ShareOf(Taker(0, 70, 60), {Taker(1, 500)}), 0u);
}

TEST(ShareOf, HasNoTroubleWithTheLargestNumbers) {
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(ShareOf(Taker(0, 1), {Taker(1, kHuge, kHuge), Taker(2, 0, kHuge)}), 0u);
  EXPECT_EQ(ShareOf(Taker(0, 1), {Taker(1, kHuge - 1, kHuge)}), kMost - 1);
}

// Whoever is asked first, and however often.
TEST(ShareOf, LetsTheBusiestHoldAtMostFiveFourthsOfTheAverage) {
  std::mt19937 random(1);
  for (const std::size_t workers : {1, 2, 3, 4, 16}) {
    for (const std::uint64_t connections : {1, 2, 7, 8, 9, 32, 100, 333, 1000}) {
      std::vector<HandoffTaker> takers;
      for (std::uint32_t i = 0; i < workers; ++i) takers.push_back(Taker(i, 0));
      for (std::uint64_t left = connections; left > 0;) {
        HandoffTaker& own = takers[random() % workers];
        std::vector<HandoffTaker> others = takers;
        others.erase(others.begin() + own.slot);
        const std::uint64_t taken = std::min(left, ShareOf(own, others));
        own.held += taken;
        left -= taken;
      }
      std::uint64_t busiest = 0;
      for (const HandoffTaker& taker : takers) busiest = std::max(busiest, taker.held);
      // The ceiling of 1.25 times the average.
      EXPECT_LE(busiest, (5 * connections + 4 * workers - 1) / (4 * workers))
          << connections << " connections, " << workers << " workers";
    }
  }
}

TEST(RoomLeft, IsTheRoomOfAllWithoutWhatIsOnTheWay) {
  EXPECT_EQ(RoomLeft({Taker(0, 10, 15), Taker(1, 20, 20), Taker(2, 30, 20)}, 2), 3u);
  EXPECT_EQ(RoomLeft({Taker(0, 10, 15)}, 5), 0u);
  EXPECT_EQ(RoomLeft({Taker(0, 10, 15)}, 500), 0u);
  EXPECT_EQ(RoomLeft({}, 0), 0u);
}

class TakerPatienceTest : public ::testing::Test {
 protected:
  // What is left of `other` after `time`.
  bool IsWaitedFor(milliseconds time, const HandoffTaker& other) {
    std::vector<HandoffTaker> others = {other};
    patience_.RemoveTheSlow(own_, loop::TimePoint(time), &others);
    return !others.empty();
  }

  const HandoffTaker own_ = Taker(0, 5);
  TakerPatience patience_;
};

TEST_F(TakerPatienceTest, EndsForOneThatTakesNothing) {
  EXPECT_TRUE(IsWaitedFor(milliseconds(0), Taker(1, 4)));
  EXPECT_TRUE(IsWaitedFor(milliseconds(49), Taker(1, 4)));
  EXPECT_FALSE(IsWaitedFor(milliseconds(50), Taker(1, 4)));
}

TEST_F(TakerPatienceTest, DoesNotEndForOneThatTakes) {
  HandoffTaker other = Taker(1, 4);
  for (int i = 0; i < 10; ++i) {
    other.adopted = i;
    EXPECT_TRUE(IsWaitedFor(milliseconds(40 * i), other));
  }
}

TEST_F(TakerPatienceTest, DoesNotReturnForASecond) {
  EXPECT_TRUE(IsWaitedFor(milliseconds(0), Taker(1, 4)));
  EXPECT_FALSE(IsWaitedFor(milliseconds(60), Taker(1, 4)));
  patience_.Reset();
  EXPECT_FALSE(IsWaitedFor(milliseconds(1000), Taker(1, 4)));
  EXPECT_TRUE(IsWaitedFor(milliseconds(1060), Taker(1, 4)));
  EXPECT_TRUE(IsWaitedFor(milliseconds(1100), Taker(1, 4)));
  EXPECT_FALSE(IsWaitedFor(milliseconds(1110), Taker(1, 4)));
}

TEST_F(TakerPatienceTest, BeginsAgainAfterAReset) {
  EXPECT_TRUE(IsWaitedFor(milliseconds(0), Taker(1, 4)));
  patience_.Reset();
  EXPECT_TRUE(IsWaitedFor(milliseconds(60), Taker(1, 4)));
}

TEST_F(TakerPatienceTest, IsNotForOneThatNeedNotTake) {
  for (const int time : {0, 100, 200}) {
    EXPECT_TRUE(IsWaitedFor(milliseconds(time), Taker(1, 5)));
    EXPECT_TRUE(IsWaitedFor(milliseconds(time), Taker(2, 4, 4)));
  }
}

}  // namespace
}  // namespace muster::worker
