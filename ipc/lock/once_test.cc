#include "muster/ipc/lock/once.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

class OnceTest : public ::testing::Test {
 protected:
  const Registry& registry() { return zone_.registry(); }
  Once As(OwnerTag tag) { return Once(state_, registry(), tag); }
  // The test's own participant.
  Once& mine() { return mine_; }
  // In slot 1: killed while it initialised, and its death marked.
  OwnerTag KillAnInitialiser() {
    const OwnerTag tag = zone_.Reserve(1);
    ForkedChild child([&] {
      (void)As(tag).Call([](bool) {
        ::raise(SIGKILL);
        return absl::OkStatus();
      });
      return 1;
    });
    EXPECT_EQ(child.Join(), -SIGKILL);
    EXPECT_TRUE(registry().MarkDead(tag));
    return tag;
  }
  // Exits with 0 when it has initialised after an interruption, for which it sleeps now.
  std::unique_ptr<ForkedChild> SleepUntilInterrupted(OwnerTag tag) {
    auto child = std::make_unique<ForkedChild>([&] {
      int runs_after_interruption = 0;
      const absl::Status status = As(tag).Call([&](bool was_interrupted) {
        runs_after_interruption += was_interrupted ? 1 : 0;
        return absl::OkStatus();
      });
      return status.ok() && runs_after_interruption == 1 ? 0 : 1;
    });
    AwaitFutexSleep(child->pid());
    return child;
  }

  TestZone zone_;
  OnceState* state_ = zone_.Place<OnceState>();
  Once mine_ = As(zone_.Reserve(0));
};

absl::Status NeverCalled(bool) { return absl::InternalError("was called"); }

TEST_F(OnceTest, IsNotDoneWhenAllItsBytesAreZero) { EXPECT_FALSE(mine().is_done()); }

TEST_F(OnceTest, RunsOnce) {
  int runs = 0;
  EXPECT_TRUE(mine()
                  .Call([&](bool was_interrupted) {
                    EXPECT_FALSE(was_interrupted);
                    ++runs;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(mine().Call(NeverCalled).ok());
  EXPECT_TRUE(As(zone_.Reserve(1)).Call(NeverCalled).ok());
  EXPECT_EQ(runs, 1);
}

TEST_F(OnceTest, RunsAgainAfterAnError) {
  EXPECT_EQ(mine().Call([](bool) { return absl::UnavailableError("not today"); }),
            absl::UnavailableError("not today"));
  EXPECT_FALSE(mine().is_done());
  EXPECT_TRUE(mine().Call([](bool) { return absl::OkStatus(); }).ok());
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, RunsAgainAndTellsOfTheInterruptionWhenItsInitialiserThrew) {
  EXPECT_THROW((void)mine().Call([](bool) -> absl::Status { throw 42; }), int);
  EXPECT_FALSE(mine().is_done());
  bool was_told = false;
  EXPECT_TRUE(mine()
                  .Call([&](bool was_interrupted) {
                    was_told = was_interrupted;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(was_told);
  EXPECT_TRUE(mine().is_done());
}

// Each throws while the others sleep, and the last one initialises.
TEST_F(OnceTest, PassesFromOneThrowingThreadToTheNext) {
  constexpr int kThreads = 4;
  std::atomic<int> runs{0};
  std::atomic<int> interruptions{0};
  std::atomic<int> thrown{0};
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= kThreads; ++slot) {
    threads.emplace_back([&, tag = zone_.Reserve(slot)] {
      try {
        EXPECT_TRUE(As(tag)
                        .Call([&](bool was_interrupted) {
                          interruptions += was_interrupted ? 1 : 0;
                          if (++runs < kThreads) throw std::uint32_t{1};
                          return absl::OkStatus();
                        })
                        .ok());
      } catch (std::uint32_t) {
        ++thrown;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, kThreads);
  EXPECT_EQ(interruptions, kThreads - 1);
  EXPECT_EQ(thrown, kThreads - 1);
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, EndsItsWaitAtTheDeadline) {
  const OwnerTag other = zone_.Reserve(1);
  state_->word = other.bits();
  EXPECT_EQ(mine().Call(NeverCalled, Deadline::After(absl::Milliseconds(1))),
            absl::DeadlineExceededError("once: another participant still initialises"));
}

TEST_F(OnceTest, TriesOnceAfterItsDeadline) {
  EXPECT_TRUE(
      mine()
          .Call([](bool) { return absl::OkStatus(); }, Deadline::After(absl::ZeroDuration()))
          .ok());
}

TEST_F(OnceTest, ReportsAnInitialiserThatCallsItself) {
  const absl::Status status = mine().Call([&](bool) { return mine().Call(NeverCalled); });
  EXPECT_EQ(status.message(), "once: the initialiser calls itself");
}

TEST_F(OnceTest, RunsNothingInAChildOfForkThatHasItsParentsHandle) {
  ForkedChild child([&] {
    return absl::IsFailedPrecondition(mine().Call(NeverCalled)) && state_->word == kUnlockedWord
               ? 0
               : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(mine().Call([](bool) { return absl::OkStatus(); }).ok());
  ForkedChild later([&] { return mine().Call(NeverCalled).ok() ? 0 : 1; });
  EXPECT_EQ(later.Join(), 0) << "whether it is done everybody may know";
}

TEST_F(OnceTest, RunsNothingForATagThatTheRegistryNeverGave) {
  for (const OwnerTag tag : {OwnerTag(), OwnerTag(3, 7), OwnerTag(1000, 1)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(As(tag).Call(NeverCalled)));
  }
  EXPECT_EQ(state_->word, kUnlockedWord);
}

TEST_F(OnceTest, RunsAgainWhenItsInitialiserWasKilled) {
  EXPECT_TRUE(state_->Recover(KillAnInitialiser()));
  bool was_told = false;
  EXPECT_TRUE(mine()
                  .Call([&](bool was_interrupted) {
                    was_told = was_interrupted;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(was_told);
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, RunsAgainBeforeAnybodyHasRecoveredIt) {
  KillAnInitialiser();
  EXPECT_TRUE(mine().Call([](bool) { return absl::OkStatus(); }).ok());
}

TEST_F(OnceTest, TellsOfTheInterruptionAgainAfterAnError) {
  KillAnInitialiser();
  EXPECT_FALSE(mine().Call([](bool) { return absl::UnavailableError("not today"); }).ok());
  bool was_told = false;
  EXPECT_TRUE(mine()
                  .Call([&](bool was_interrupted) {
                    was_told = was_interrupted;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(was_told);
}

TEST_F(OnceTest, WakesASleeperWhenItsInitialiserWasKilled) {
  const OwnerTag initialiser = zone_.Reserve(1);
  state_->word = initialiser.bits();
  const auto sleeper = SleepUntilInterrupted(zone_.Reserve(2));
  ASSERT_TRUE(registry().MarkDead(initialiser));
  EXPECT_TRUE(state_->Recover(initialiser));
  EXPECT_EQ(sleeper->Join(), 0);
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, IsRecoveredAsOftenAsOneLikes) {
  const OwnerTag dead = KillAnInitialiser();
  EXPECT_TRUE(state_->Recover(dead));
  EXPECT_FALSE(state_->Recover(dead));
  EXPECT_TRUE(mine().Call([](bool) { return absl::OkStatus(); }).ok());
  EXPECT_FALSE(state_->Recover(dead));
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, WakesAllWhoWaitWhenItIsDone) {
  std::vector<std::unique_ptr<ForkedChild>> sleepers;
  EXPECT_TRUE(mine()
                  .Call([&](bool) {
                    for (const std::uint32_t slot : {1u, 2u}) {
                      const OwnerTag tag = zone_.Reserve(slot);
                      sleepers.push_back(std::make_unique<ForkedChild>(
                          [&] { return As(tag).Call(NeverCalled).ok() ? 0 : 1; }));
                      AwaitFutexSleep(sleepers.back()->pid());
                    }
                    return absl::OkStatus();
                  })
                  .ok());
  for (const auto& sleeper : sleepers) EXPECT_EQ(sleeper->Join(), 0);
}

TEST_F(OnceTest, ReportsADamagedState) {
  state_->word = kPoisonedMark;
  EXPECT_EQ(mine().Call(NeverCalled).message(), "once: its state is damaged");
}

TEST_F(OnceTest, RunsAgainAfterAResetOfADamagedState) {
  state_->word = kPoisonedMark;
  EXPECT_TRUE(state_->Reset());
  bool was_told = false;
  EXPECT_TRUE(mine()
                  .Call([&](bool was_interrupted) {
                    was_told = was_interrupted;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(was_told);
  EXPECT_FALSE(state_->Reset()) << "what is done stays done";
  EXPECT_TRUE(mine().is_done());
}

TEST_F(OnceTest, PublishesWhatTheInitialiserDidToEveryThread) {
  int plain = 0;
  std::atomic<int> runs{0};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= 4; ++slot) {
    threads.emplace_back([&, tag = zone_.Reserve(slot)] {
      const absl::Status status = As(tag).Call([&](bool) {
        plain = 42;
        ++runs;
        return absl::OkStatus();
      });
      right += status.ok() && plain == 42 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(right, 4);
}

}  // namespace
}  // namespace muster::ipc
