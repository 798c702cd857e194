#include "muster/bench/load/open_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace muster::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A request each millisecond.
SendSchedule Schedule(int requests) { return {1000, milliseconds(requests)}; }

TEST(OpenLoop, SendsEachRequestWhenItIsDue) {
  OpenLoop loop(Schedule(3), 8, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(0)), 0);
  EXPECT_EQ(loop.TakeDue(milliseconds(0)), std::nullopt);
  EXPECT_EQ(loop.TakeDue(nanoseconds(999'999)), std::nullopt);
  EXPECT_EQ(loop.TakeDue(milliseconds(1)), 1);
  EXPECT_EQ(loop.TakeDue(milliseconds(2)), 2);
  EXPECT_EQ(loop.TakeDue(milliseconds(100)), std::nullopt);  // there are no more
}

TEST(OpenLoop, SendsWithoutAwaitingAnswers) {
  OpenLoop loop(Schedule(3), 3, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(2)), 0);
  EXPECT_EQ(loop.TakeDue(milliseconds(2)), 1);
  EXPECT_EQ(loop.TakeDue(milliseconds(2)), 2);
}

TEST(OpenLoop, MeasuresFromTheTimeAtWhichARequestWasDue) {
  OpenLoop loop(Schedule(1), 1, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(5)), 0);  // late
  loop.OnAnswer(0, milliseconds(7));
  EXPECT_EQ(loop.latencies().max(), milliseconds(7));
  EXPECT_TRUE(loop.is_done());
}

// One that begins a request only after the answer to the one before would see 100 ms once, and 0
// ms for the others.
TEST(OpenLoop, ChargesAStallToAllRequestsThatWereDueInIt) {
  OpenLoop loop(Schedule(100), 1, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(0)), 0);
  for (int i = 1; i < 100; ++i) EXPECT_EQ(loop.TakeDue(milliseconds(i)), std::nullopt);
  loop.OnAnswer(0, milliseconds(100));
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(loop.TakeDue(milliseconds(100)), 0);
    loop.OnAnswer(0, milliseconds(100));
  }
  EXPECT_TRUE(loop.is_done());
  EXPECT_EQ(loop.latencies().count(), 100u);
  EXPECT_EQ(loop.latencies().max(), milliseconds(100));
  EXPECT_GE(loop.latencies().Percentile(0.5), milliseconds(50));
  EXPECT_LE(loop.latencies().Percentile(0.5), milliseconds(52));
}

TEST(OpenLoop, CallsItsOwnDelayOnlyThatAfterAConnectionWasFree) {
  OpenLoop loop(Schedule(2), 1, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(3)), 0);
  loop.OnAnswer(0, milliseconds(20));
  EXPECT_EQ(loop.TakeDue(milliseconds(21)), 0);
  EXPECT_EQ(loop.own_delays().count(), 2u);
  EXPECT_EQ(loop.own_delays().max(), milliseconds(3));
}

TEST(OpenLoop, UsesAllConnectionsInTurn) {
  OpenLoop loop(Schedule(4), 2, nanoseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(0)), 0);
  loop.OnAnswer(0, milliseconds(0));
  EXPECT_EQ(loop.TakeDue(milliseconds(1)), 1);
  loop.OnAnswer(1, milliseconds(1));
  EXPECT_EQ(loop.TakeDue(milliseconds(2)), 0);
}

TEST(OpenLoop, DoesNotRecordWhatIsDueBeforeItIsWarm) {
  OpenLoop loop(Schedule(4), 4, milliseconds(2));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(loop.TakeDue(milliseconds(i)), i);
    loop.OnAnswer(i, milliseconds(i + 1));
  }
  EXPECT_TRUE(loop.is_done());
  EXPECT_EQ(loop.answered(), 4u);
  EXPECT_EQ(loop.latencies().count(), 2u);
}

}  // namespace
}  // namespace muster::bench
