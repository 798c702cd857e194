#include "muster/worker/runtime/handoff/handoff_stall.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HandoffStallTest : public ::testing::Test {
 protected:
  // After `pause` since the look before.
  bool LookAfter(milliseconds pause, std::uint64_t taken, bool is_on_the_way) {
    now_ += pause;
    return stall_.Note({now_, taken, is_on_the_way});
  }

  loop::TimePoint now_{seconds(1000)};
  HandoffStall stall_;
};

TEST_F(HandoffStallTest, LastsWhileNobodyTakesWhatIsOnItsWay) {
  stall_.Begin({now_, 7, true});
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(LookAfter(milliseconds(10), 7, true));
  EXPECT_EQ(stall_.lasts(), milliseconds(300));
}

TEST_F(HandoffStallTest, EndsWhenSomebodyTakes) {
  stall_.Begin({now_, 7, true});
  LookAfter(milliseconds(40), 7, true);
  EXPECT_TRUE(LookAfter(milliseconds(10), 8, true));
  EXPECT_EQ(stall_.lasts(), milliseconds(0));
  LookAfter(milliseconds(10), 8, true);
  EXPECT_EQ(stall_.lasts(), milliseconds(10));
}

// As when another giver gives long after this one has given its last.
TEST_F(HandoffStallTest, DoesNotCountTheTimeBeforeSomethingWasOnItsWay) {
  stall_.Begin({now_, 7, true});
  LookAfter(milliseconds(10), 8, false);
  for (int i = 0; i < 30; ++i) LookAfter(milliseconds(50), 8, false);
  LookAfter(milliseconds(50), 8, true);
  EXPECT_EQ(stall_.lasts(), milliseconds(0));
}

TEST_F(HandoffStallTest, CountsLittleOfTheTimeInWhichTheGiverDidNotRun) {
  stall_.Begin({now_, 7, true});
  LookAfter(seconds(60), 7, true);
  EXPECT_EQ(stall_.lasts(), HandoffStall::kMostOfALook);
}

}  // namespace
}  // namespace muster::worker
