#include "muster/loop/timer.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "muster/loop/clock.h"

namespace muster::loop {
namespace {

using std::chrono::milliseconds;

// A loop's timers without the loop: rounds come when the test says so.
class Rounds : public TimerQueue {
 public:
  Rounds() : TimerQueue(TimePoint()) {}

  // A round `time` after the beginning.
  void RunAt(Clock::duration time) {
    SetNow(TimePoint() + time);
    RunDue();
  }
  using TimerQueue::UntilNext;
};

TEST(Timer, FiresOnceAndNotBeforeItsDeadline) {
  Rounds rounds;
  int fired = 0;
  Timer timer(rounds, [&] { ++fired; });
  timer.Set(TimePoint() + milliseconds(3));
  rounds.RunAt(milliseconds(3) - Clock::duration(1));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.is_armed());
  rounds.RunAt(milliseconds(3));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.is_armed());
  rounds.RunAt(milliseconds(10));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, CountsADelayFromTheRoundThatArmsIt) {
  Rounds rounds;
  rounds.RunAt(milliseconds(100));
  int fired = 0;
  Timer timer(rounds, [&] { ++fired; });
  timer.SetAfter(milliseconds(3));
  rounds.RunAt(milliseconds(102));
  EXPECT_EQ(fired, 0);
  rounds.RunAt(milliseconds(103));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, FiresInTheOrderOfTheDeadlines) {
  Rounds rounds;
  std::string order;
  Timer third(rounds, [&] { order += '3'; });
  Timer first(rounds, [&] { order += '1'; });
  Timer second(rounds, [&] { order += '2'; });
  third.SetAfter(milliseconds(3));
  first.SetAfter(milliseconds(1));
  second.SetAfter(milliseconds(2));
  rounds.RunAt(milliseconds(3));
  EXPECT_EQ(order, "123");
}

TEST(Timer, FiresAtALaterDeadlineThatItWasMovedTo) {
  Rounds rounds;
  std::string order;
  Timer moved(rounds, [&] { order += 'm'; });
  Timer other(rounds, [&] { order += 'o'; });
  moved.SetAfter(milliseconds(1));
  other.SetAfter(milliseconds(5));
  moved.SetAfter(milliseconds(10));
  rounds.RunAt(milliseconds(9));
  EXPECT_EQ(order, "o");
  rounds.RunAt(milliseconds(10));
  EXPECT_EQ(order, "om");
}

TEST(Timer, FiresAtAnEarlierDeadlineThatItWasMovedTo) {
  Rounds rounds;
  std::string order;
  Timer moved(rounds, [&] { order += 'm'; });
  Timer other(rounds, [&] { order += 'o'; });
  moved.SetAfter(std::chrono::hours(1));
  other.SetAfter(milliseconds(5));
  moved.SetAfter(milliseconds(1));
  rounds.RunAt(milliseconds(1));
  EXPECT_EQ(order, "m");
  rounds.RunAt(milliseconds(5));
  EXPECT_EQ(order, "mo");
}

TEST(Timer, DoesNotFireAfterCancel) {
  Rounds rounds;
  Timer cancelled(rounds, [] { FAIL() << "it was cancelled"; });
  cancelled.SetAfter(milliseconds(1));
  cancelled.Cancel();
  EXPECT_FALSE(cancelled.is_armed());
  rounds.RunAt(milliseconds(2));
}

TEST(Timer, DoesNotFireIfAnEarlierOneOfTheRoundCancelsIt) {
  Rounds rounds;
  Timer second(rounds, [] { FAIL() << "it was cancelled"; });
  bool fired = false;
  Timer first(rounds, [&] {
    fired = true;
    second.Cancel();
  });
  first.Set(TimePoint());
  second.Set(TimePoint() + Clock::duration(1));
  rounds.RunAt(milliseconds(1));
  EXPECT_TRUE(fired);
}

TEST(Timer, CanBeArmedAfterCancelForLater) {
  Rounds rounds;
  bool fired = false;
  Timer timer(rounds, [&] { fired = true; });
  timer.SetAfter(milliseconds(1));
  timer.Cancel();
  timer.SetAfter(milliseconds(4));
  rounds.RunAt(milliseconds(3));
  EXPECT_FALSE(fired);
  rounds.RunAt(milliseconds(4));
  EXPECT_TRUE(fired);
}

TEST(Timer, CanBeArmedAgainByItsCallback) {
  Rounds rounds;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(rounds, [&] {
    if (++fired < 3) timer->SetAfter(milliseconds(1));
  });
  timer->SetAfter(milliseconds(1));
  for (int time = 1; time <= 4; ++time) rounds.RunAt(milliseconds(time));
  EXPECT_EQ(fired, 3);
}

TEST(Timer, ThatArmsItselfForThePastFiresOnceARound) {
  Rounds rounds;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(rounds, [&] {
    ++fired;
    timer->Set(TimePoint());
  });
  timer->Set(TimePoint());
  rounds.RunAt(milliseconds(1));
  EXPECT_EQ(fired, 1);
  rounds.RunAt(milliseconds(2));
  EXPECT_EQ(fired, 2);
}

TEST(Timer, CanBeDestroyedByItsCallback) {
  Rounds rounds;
  const auto token = std::make_shared<int>(7);
  std::optional<Timer> timer;
  int seen = 0;
  timer.emplace(rounds, [&timer, &seen, token] {
    timer.reset();
    seen = *token;
  });
  timer->SetAfter(milliseconds(0));
  rounds.RunAt(milliseconds(1));
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Timer, LeavesTheLoopWhenItIsDestroyed) {
  Rounds rounds;
  {
    Timer timer(rounds, [] { FAIL() << "it was destroyed"; });
    timer.SetAfter(milliseconds(0));
  }
  rounds.RunAt(milliseconds(2));
  EXPECT_FALSE(rounds.UntilNext().has_value());
}

TEST(Timer, AcceptsADelayBeyondTheEndOfTime) {
  Rounds rounds;
  Timer timer(rounds, [] { FAIL() << "time is not over"; });
  rounds.RunAt(milliseconds(1));
  timer.SetAfter(Clock::duration::max());
  rounds.RunAt(std::chrono::hours(24));
  EXPECT_TRUE(timer.is_armed());
}

TEST(TimerQueue, TellsHowLongItIsToTheFirstDeadline) {
  Rounds rounds;
  Timer first(rounds, [] {});
  Timer second(rounds, [] {});
  EXPECT_FALSE(rounds.UntilNext().has_value());
  second.SetAfter(milliseconds(5));
  first.SetAfter(milliseconds(3));
  rounds.RunAt(milliseconds(1));
  EXPECT_EQ(rounds.UntilNext(), Clock::duration(milliseconds(2)));
  rounds.RunAt(milliseconds(3));
  EXPECT_EQ(rounds.UntilNext(), Clock::duration(milliseconds(2)));
}

}  // namespace
}  // namespace muster::loop
