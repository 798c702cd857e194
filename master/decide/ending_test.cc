#include "muster/master/decide/ending.h"

#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using Kind = Ending::Kind;

// What Finish does and logs.
std::vector<Action> Finish(Ending& ending) {
  Decision decision{TimePoint()};
  ending.Finish(decision);
  return decision.TakeActions();
}

TEST(Ending, DoesNotFinishBeforeItHasBegun) {
  Ending ending;
  EXPECT_TRUE(Finish(ending).empty());
  EXPECT_FALSE(ending.has_begun());
}

TEST(Ending, IsOvertakenByAFasterOneOnly) {
  Ending ending;
  EXPECT_TRUE(ending.Begin(Kind::kGraceful, 0));
  EXPECT_FALSE(ending.Begin(Kind::kGraceful, 0));
  EXPECT_TRUE(ending.Begin(Kind::kFast, 0));
  EXPECT_FALSE(ending.Begin(Kind::kGraceful, 0));
}

TEST(Ending, KeepsTheExitCodeOfWhatChangesNothing) {
  Ending ending;
  ending.Begin(Kind::kFast, 1);
  ending.Begin(Kind::kGraceful, 0);
  EXPECT_EQ(ending.exit_code(), 1);
}

TEST(Ending, AnswersAllWhoWaitWithTheNumbersOfWorkersAndExits) {
  Ending ending;
  Decision decision{TimePoint()};
  ending.Await(8, decision);
  ending.Begin(Kind::kGraceful, 3);
  ending.CountWorker({}, /*was_killed=*/false);
  ending.CountWorker({}, /*was_killed=*/false);
  ending.CountWorker({.connections = 4, .requests = 1}, /*was_killed=*/true);
  ending.Await(9, decision);
  EXPECT_TRUE(decision.TakeActions().empty());
  const std::vector<Action> actions = Finish(ending);
  ASSERT_EQ(actions.size(), 4u);
  EXPECT_EQ(std::get<LogAction>(actions[0]).severity, Severity::kWarning);
  EXPECT_EQ(std::get<LogAction>(actions[0]).text,
            "the workers have ended: 2 exited, 1 killed, 4 connections and 1 request cut off");
  EXPECT_EQ(std::get<ReplyAction>(actions[1]).request, 8u);
  EXPECT_EQ(std::get<ReplyAction>(actions[1]).outcome.exited, 2u);
  EXPECT_EQ(std::get<ReplyAction>(actions[1]).outcome.killed, 1u);
  EXPECT_EQ(std::get<ReplyAction>(actions[1]).outcome.connections_closed, 4u);
  EXPECT_EQ(std::get<ReplyAction>(actions[1]).outcome.requests_cut, 1u);
  EXPECT_EQ(std::get<ReplyAction>(actions[2]).request, 9u);
  EXPECT_EQ(std::get<ExitAction>(actions[3]).code, 3);
}

TEST(Ending, DoesNotCountTheWorkersThatEndedBefore) {
  Ending ending;
  Decision decision{TimePoint()};
  ending.CountWorker({}, /*was_killed=*/false);
  ending.Await(8, decision);
  ending.Begin(Kind::kGraceful, 0);
  EXPECT_EQ(std::get<ReplyAction>(Finish(ending).at(0)).outcome.exited, 0u);
}

TEST(Ending, FinishesOnce) {
  Ending ending;
  ending.Begin(Kind::kFast, 0);
  EXPECT_EQ(Finish(ending).size(), 1u);
  EXPECT_TRUE(Finish(ending).empty());
}

TEST(Ending, AnswersWhoComesTooLateAtOnce) {
  Ending ending;
  ending.Begin(Kind::kFast, 0);
  Finish(ending);
  Decision decision{TimePoint()};
  EXPECT_FALSE(ending.Await(9, decision));
  const std::vector<Action> actions = decision.TakeActions();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(std::get<ReplyAction>(actions[0]).outcome.status,
            absl::FailedPreconditionError("the master has stopped"));
}

}  // namespace
}  // namespace muster::master
