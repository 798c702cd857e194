#include "muster/ipc/lock/event.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

class EventTest : public ::testing::Test {
 protected:
  Event MakeEvent() { return Event(state_, zone_.registry()); }
  bool is_armed() const { return state_->word & 1; }
  // Exits with 0 when it has seen a value that is not zero.
  std::unique_ptr<ForkedChild> Sleep() {
    auto child = std::make_unique<ForkedChild>([&] {
      MakeEvent().Await([&] { return *value_ != 0; });
      return 0;
    });
    AwaitFutexSleep(child->pid());
    return child;
  }

  TestZone zone_;
  EventState* state_ = zone_.Place<EventState>();
  std::atomic<int>* value_ = zone_.Place<std::atomic<int>>();
};

TEST_F(EventTest, DoesNotSleepWhenItsConditionIsTrue) {
  EXPECT_TRUE(MakeEvent().Await([] { return true; }));
  EXPECT_FALSE(is_armed());
}

TEST_F(EventTest, HonoursItsDeadline) {
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_FALSE(MakeEvent().Await([] { return false; }, deadline));
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(EventTest, LooksOnceWhenItsDeadlineHasPassed) {
  EXPECT_TRUE(MakeEvent().Await([] { return true; }, Deadline::After(-absl::Seconds(1))));
}

TEST_F(EventTest, WakesASleeperInAnotherProcess) {
  const auto sleeper = Sleep();
  *value_ = 1;
  MakeEvent().NotifyOne();
  EXPECT_EQ(sleeper->Join(), 0);
}

TEST_F(EventTest, WakesEverySleeper) {
  const auto first = Sleep();
  const auto second = Sleep();
  *value_ = 1;
  MakeEvent().NotifyAll();
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(EventTest, WakesOneSleeperForEachNotification) {
  const auto first = Sleep();
  const auto second = Sleep();
  *value_ = 1;
  MakeEvent().NotifyOne();
  MakeEvent().NotifyOne();
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(EventTest, EndsAWaitThatBeginsAfterTheNotification) {
  Event event = MakeEvent();
  const Event::Ticket ticket = event.Arm();
  event.NotifyOne();
  EXPECT_TRUE(event.Wait(ticket, Deadline::After(-absl::Seconds(1))));
}

TEST_F(EventTest, WritesNothingWhenNobodyWaits) {
  MakeEvent().NotifyOne();
  MakeEvent().NotifyAll();
  EXPECT_EQ(state_->word, 0u);
}

TEST_F(EventTest, IsDisarmedByTheFirstNotificationThatFindsNobodyAsleep) {
  Event event = MakeEvent();
  (void)event.Arm();
  EXPECT_TRUE(is_armed());
  event.NotifyOne();
  EXPECT_FALSE(is_armed());
}

TEST_F(EventTest, StaysArmedWhileOthersMaySleep) {
  const auto first = Sleep();
  const auto second = Sleep();
  MakeEvent().NotifyOne();
  EXPECT_TRUE(is_armed());
  *value_ = 1;
  MakeEvent().NotifyAll();
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(EventTest, WakesSleepersWhenAParticipantDied) {
  const auto first = Sleep();
  const auto second = Sleep();
  *value_ = 1;  // what the dead one did last, before it could notify
  EXPECT_FALSE(state_->Recover(OwnerTag(1, 1)));
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(EventTest, WakesASleeperWhoseNotifierHasOnlyLoweredTheFlag) {
  const auto sleeper = Sleep();
  *value_ = 1;
  state_->word &= ~1u;  // and then it died
  state_->Recover(OwnerTag(1, 1));
  EXPECT_EQ(sleeper->Join(), 0);
}

TEST_F(EventTest, SurvivesAnyWord) {
  state_->word = 0xffffffff;
  const auto sleeper = Sleep();
  *value_ = 1;
  MakeEvent().NotifyAll();
  EXPECT_EQ(sleeper->Join(), 0);
}

// Ping-pong: each side sleeps for each round, so a wake that is lost ends it.
void PlayRounds(Event event, std::atomic<int>& ball, int mine, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    event.Await([&] { return ball.load() % 2 == mine; });
    ball.fetch_add(1);
    event.NotifyOne();
  }
}

TEST_F(EventTest, LosesNoWakeBetweenProcesses) {
  constexpr int kRounds = 5'000;
  ForkedChild other([&] {
    PlayRounds(MakeEvent(), *value_, 1, kRounds);
    return 0;
  });
  PlayRounds(MakeEvent(), *value_, 0, kRounds);
  EXPECT_EQ(other.Join(), 0);
  EXPECT_EQ(*value_, 2 * kRounds);
}

TEST_F(EventTest, LosesNoWakeBetweenThreads) {
  constexpr int kRounds = 5'000;
  std::thread other([&] { PlayRounds(MakeEvent(), *value_, 1, kRounds); });
  PlayRounds(MakeEvent(), *value_, 0, kRounds);
  other.join();
  EXPECT_EQ(*value_, 2 * kRounds);
}

TEST_F(EventTest, LosesNoWakeAmongManyConsumers) {
  constexpr int kConsumers = 3;
  constexpr int kItems = 6'000;
  std::atomic<int> queue{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> consumers;
  for (int i = 0; i < kConsumers; ++i) {
    consumers.emplace_back([&] {
      Event event = MakeEvent();
      while (taken.fetch_add(1) < kItems) {
        event.Await([&] {
          int items = queue.load();
          while (items > 0 && !queue.compare_exchange_weak(items, items - 1)) {
          }
          return items > 0;
        });
      }
    });
  }
  Event event = MakeEvent();
  for (int i = 0; i < kItems; ++i) {
    queue.fetch_add(1);
    event.NotifyOne();
  }
  for (std::thread& consumer : consumers) consumer.join();
  EXPECT_EQ(queue, 0);
}

}  // namespace
}  // namespace muster::ipc
