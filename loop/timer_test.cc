#include "muster/loop/timer.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "muster/loop/clock.h"
#include "muster/loop/test_timers.h"

namespace muster::loop {
namespace {

using std::chrono::milliseconds;

TEST(Timer, FiresOnceAndNotBeforeItsDeadline) {
  TestTimers timers;
  int fired = 0;
  Timer timer(timers, [&] { ++fired; });
  timer.Set(TimePoint() + milliseconds(3));
  timers.RunAt(milliseconds(3) - Clock::duration(1));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.is_armed());
  timers.RunAt(milliseconds(3));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.is_armed());
  timers.RunAt(milliseconds(10));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, CountsADelayFromTheRoundThatArmsIt) {
  TestTimers timers;
  timers.RunAt(milliseconds(100));
  int fired = 0;
  Timer timer(timers, [&] { ++fired; });
  timer.SetAfter(milliseconds(3));
  timers.RunAt(milliseconds(102));
  EXPECT_EQ(fired, 0);
  timers.RunAt(milliseconds(103));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, FiresInTheOrderOfTheDeadlines) {
  TestTimers timers;
  std::string order;
  Timer third(timers, [&] { order += '3'; });
  Timer first(timers, [&] { order += '1'; });
  Timer second(timers, [&] { order += '2'; });
  third.SetAfter(milliseconds(3));
  first.SetAfter(milliseconds(1));
  second.SetAfter(milliseconds(2));
  timers.RunAt(milliseconds(3));
  EXPECT_EQ(order, "123");
}

TEST(Timer, FiresAtALaterDeadlineThatItWasMovedTo) {
  TestTimers timers;
  std::string order;
  Timer moved(timers, [&] { order += 'm'; });
  Timer other(timers, [&] { order += 'o'; });
  moved.SetAfter(milliseconds(1));
  other.SetAfter(milliseconds(5));
  moved.SetAfter(milliseconds(10));
  timers.RunAt(milliseconds(9));
  EXPECT_EQ(order, "o");
  timers.RunAt(milliseconds(10));
  EXPECT_EQ(order, "om");
}

TEST(Timer, FiresAtAnEarlierDeadlineThatItWasMovedTo) {
  TestTimers timers;
  std::string order;
  Timer moved(timers, [&] { order += 'm'; });
  Timer other(timers, [&] { order += 'o'; });
  moved.SetAfter(std::chrono::hours(1));
  other.SetAfter(milliseconds(5));
  moved.SetAfter(milliseconds(1));
  timers.RunAt(milliseconds(1));
  EXPECT_EQ(order, "m");
  timers.RunAt(milliseconds(5));
  EXPECT_EQ(order, "mo");
}

TEST(Timer, DoesNotFireAfterCancel) {
  TestTimers timers;
  Timer cancelled(timers, [] { FAIL() << "it was cancelled"; });
  cancelled.SetAfter(milliseconds(1));
  cancelled.Cancel();
  EXPECT_FALSE(cancelled.is_armed());
  timers.RunAt(milliseconds(2));
}

TEST(Timer, DoesNotFireIfAnEarlierOneOfTheRoundCancelsIt) {
  TestTimers timers;
  Timer second(timers, [] { FAIL() << "it was cancelled"; });
  bool fired = false;
  Timer first(timers, [&] {
    fired = true;
    second.Cancel();
  });
  first.Set(TimePoint());
  second.Set(TimePoint() + Clock::duration(1));
  timers.RunAt(milliseconds(1));
  EXPECT_TRUE(fired);
}

TEST(Timer, CanBeArmedAfterCancelForLater) {
  TestTimers timers;
  bool fired = false;
  Timer timer(timers, [&] { fired = true; });
  timer.SetAfter(milliseconds(1));
  timer.Cancel();
  timer.SetAfter(milliseconds(4));
  timers.RunAt(milliseconds(3));
  EXPECT_FALSE(fired);
  timers.RunAt(milliseconds(4));
  EXPECT_TRUE(fired);
}

TEST(Timer, CanBeArmedAgainByItsCallback) {
  TestTimers timers;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(timers, [&] {
    if (++fired < 3) timer->SetAfter(milliseconds(1));
  });
  timer->SetAfter(milliseconds(1));
  for (int time = 1; time <= 4; ++time) timers.RunAt(milliseconds(time));
  EXPECT_EQ(fired, 3);
}

TEST(Timer, ThatArmsItselfForThePastFiresOnceARound) {
  TestTimers timers;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(timers, [&] {
    ++fired;
    timer->Set(TimePoint());
  });
  timer->Set(TimePoint());
  timers.RunAt(milliseconds(1));
  EXPECT_EQ(fired, 1);
  timers.RunAt(milliseconds(2));
  EXPECT_EQ(fired, 2);
}

TEST(Timer, CanBeDestroyedByItsCallback) {
  TestTimers timers;
  const auto token = std::make_shared<int>(7);
  std::optional<Timer> timer;
  int seen = 0;
  timer.emplace(timers, [&timer, &seen, token] {
    timer.reset();
    seen = *token;
  });
  timer->SetAfter(milliseconds(0));
  timers.RunAt(milliseconds(1));
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Timer, LeavesTheLoopWhenItIsDestroyed) {
  TestTimers timers;
  {
    Timer timer(timers, [] { FAIL() << "it was destroyed"; });
    timer.SetAfter(milliseconds(0));
  }
  timers.RunAt(milliseconds(2));
  EXPECT_FALSE(timers.UntilNext().has_value());
}

TEST(Timer, AcceptsADelayBeyondTheEndOfTime) {
  TestTimers timers;
  Timer timer(timers, [] { FAIL() << "time is not over"; });
  timers.RunAt(milliseconds(1));
  timer.SetAfter(Clock::duration::max());
  timers.RunAt(std::chrono::hours(24));
  EXPECT_TRUE(timer.is_armed());
}

TEST(Timer, AcceptsADeadlineBeforeTheBeginningOfTime) {
  TestTimers timers;
  timers.RunAt(milliseconds(1));
  bool is_called = false;
  Timer timer(timers, [&is_called] { is_called = true; });
  timer.Set(TimePoint::min());
  EXPECT_EQ(timers.UntilNext(), Clock::duration::zero());
  timers.RunAt(milliseconds(1));
  EXPECT_TRUE(is_called);
}

TEST(TimerQueue, TellsHowLongItIsToTheFirstDeadline) {
  TestTimers timers;
  Timer first(timers, [] {});
  Timer second(timers, [] {});
  EXPECT_FALSE(timers.UntilNext().has_value());
  second.SetAfter(milliseconds(5));
  first.SetAfter(milliseconds(3));
  timers.RunAt(milliseconds(1));
  EXPECT_EQ(timers.UntilNext(), Clock::duration(milliseconds(2)));
  timers.RunAt(milliseconds(3));
  EXPECT_EQ(timers.UntilNext(), Clock::duration(milliseconds(2)));
}

}  // namespace
}  // namespace muster::loop
