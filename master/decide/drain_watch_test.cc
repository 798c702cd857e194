#include "muster/master/decide/drain_watch.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Generation 2 was committed while two workers of generation 1 have processes, in slots 0 and 1.
class DrainWatchTest : public testing::Test {
 protected:
  DrainWatchTest() {
    for (const std::uint64_t generation : {1, 1, 2}) {
      WorkerRecord* const worker = workers_.Take(generation, 0, {});
      worker->state = generation == 1 ? WorkerState::kDraining : WorkerState::kServing;
    }
    watch_.Begin(workers_, 2);
  }

  void Exit(std::uint32_t slot, ExitedEvent how = {}) {
    watch_.OnExit(*workers_.Find(slot), how);
    watch_.AnswerEnded(decision_);
  }
  // By request: the outcomes since the last call.
  std::vector<std::pair<RequestId, Outcome>> Replies() {
    std::vector<std::pair<RequestId, Outcome>> replies;
    for (const Action& action : decision_.TakeActions()) {
      const auto& reply = std::get<ReplyAction>(action);
      replies.emplace_back(reply.request, reply.outcome);
    }
    return replies;
  }

  WorkerSlots workers_{4};
  DrainWatch watch_;
  Decision decision_{TimePoint()};
};

TEST_F(DrainWatchTest, AnswersWhenTheLastOldProcessHasEnded) {
  watch_.Await(2, {.generation = 2, .connections_held = 7}, {5, 6});
  Exit(0, {.connections = 4, .closed_at_deadline = 3});
  EXPECT_THAT(Replies(), IsEmpty());
  workers_.Find(1)->was_killed = true;
  Exit(1, {.connections = 2});
  const auto replies = Replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].first, 5u);
  EXPECT_EQ(replies[1].first, 6u);
  const Outcome& outcome = replies[0].second;
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.generation, 2u);
  EXPECT_EQ(outcome.connections_held, 7u);
  EXPECT_EQ(outcome.connections_ended, 6u);
  EXPECT_EQ(outcome.exited, 1u);
  EXPECT_EQ(outcome.killed, 1u);
  EXPECT_FALSE(watch_.Leave(5, "its deadline came", decision_)) << "answered twice";
}

TEST_F(DrainWatchTest, CountsThoseWhoEndBeforeTheReloadIsAnswered) {
  Exit(0, {.connections = 1});
  Exit(1);
  watch_.Await(2, {}, {5});
  watch_.AnswerEnded(decision_);
  const auto replies = Replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].second.connections_ended, 1u);
  EXPECT_EQ(replies[0].second.exited, 2u);
}

TEST_F(DrainWatchTest, WaitsForNobodyOfTheGenerationThatServes) {
  watch_.Await(2, {}, {5});
  Exit(2);
  EXPECT_THAT(Replies(), IsEmpty());
}

TEST_F(DrainWatchTest, WaitsForNoProcessThatWasNeverThere) {
  watch_.Await(2, {}, {5});
  Exit(0);
  watch_.Forget(1);
  watch_.AnswerEnded(decision_);
  EXPECT_EQ(Replies().size(), 1u);
}

TEST_F(DrainWatchTest, TellsWhoIsLeftToThoseWhoWaitNoLonger) {
  watch_.Await(2, {.warnings = {"first"}}, {5, 6});
  Exit(0);
  EXPECT_TRUE(watch_.Leave(5, "its deadline came", decision_));
  const auto replies = Replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].second.status.ok());
  EXPECT_EQ(replies[0].second.exited, 1u);
  EXPECT_THAT(
      replies[0].second.warnings,
      ElementsAre("first", "worker 0 of generation 1 has not ended before its deadline came"));
  Exit(1);
  EXPECT_THAT(Replies(), ElementsAre(Pair(6u, testing::_)));
}

TEST_F(DrainWatchTest, CountsForEachReloadWhatIsOlderThanIt) {
  watch_.Await(2, {.generation = 2}, {5});
  WorkerRecord* const next = workers_.Take(3, 0, {});
  next->state = WorkerState::kServing;
  workers_.Find(2)->state = WorkerState::kDraining;
  watch_.Begin(workers_, 3);
  watch_.Await(3, {.generation = 3}, {6});
  Exit(0);
  Exit(1);
  EXPECT_THAT(Replies(), ElementsAre(Pair(5u, testing::_)));
  Exit(2);
  EXPECT_THAT(Replies(), ElementsAre(Pair(6u, testing::_)));
}

}  // namespace
}  // namespace muster::master
