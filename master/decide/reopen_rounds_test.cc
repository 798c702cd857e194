#include "muster/master/decide/reopen_rounds.h"

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

const std::map<std::uint32_t, ReopenRounds::Asked> kTwo = {
    {0, {"worker 0 of generation 1 (pid 10)"}}, {1, {"worker 1 of generation 1 (pid 11)"}}};

// What `rounds` answers now.
std::vector<ReplyAction> Answers(ReopenRounds& rounds) {
  Decision decision{TimePoint()};
  rounds.AnswerEnded(decision);
  std::vector<ReplyAction> answers;
  for (const Action& action : decision.TakeActions()) {
    if (const auto* reply = std::get_if<ReplyAction>(&action)) answers.push_back(*reply);
  }
  return answers;
}

TEST(ReopenRounds, EndWhenEveryWorkerHasAnswered) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, kTwo, absl::OkStatus(), TimePoint());
  rounds.Acknowledge(1, 0, "");
  EXPECT_TRUE(Answers(rounds).empty());
  rounds.Acknowledge(1, 1, "");
  const std::vector<ReplyAction> ended = Answers(rounds);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].request, 7u);
  EXPECT_EQ(ended[0].outcome.status, absl::OkStatus());
  EXPECT_EQ(ended[0].outcome.reopened, 2u);
}

TEST(ReopenRounds, EndOnce) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, {}, absl::OkStatus(), TimePoint());
  EXPECT_EQ(Answers(rounds).size(), 1u);
  EXPECT_TRUE(Answers(rounds).empty());
}

TEST(ReopenRounds, TellWhichWorkerCouldNotAndWhy) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, kTwo, absl::OkStatus(), TimePoint());
  rounds.Acknowledge(1, 0, "open access.log: Permission denied");
  rounds.Acknowledge(1, 1, "");
  EXPECT_EQ(
      Answers(rounds).at(0).outcome.status,
      absl::AbortedError("worker 0 of generation 1 (pid 10): open access.log: Permission denied"));
}

TEST(ReopenRounds, TellThatTheMastersOwnLogFailed) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, {}, absl::NotFoundError("open x: No such file or directory"), TimePoint());
  EXPECT_EQ(Answers(rounds).at(0).outcome.status,
            absl::AbortedError("master: open x: No such file or directory"));
}

TEST(ReopenRounds, NameThoseWhoDidNotAnswerInTime) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, kTwo, absl::OkStatus(), TimePoint());
  rounds.Acknowledge(1, 0, "");
  rounds.Expire(TimePoint(std::chrono::milliseconds(4999)));
  EXPECT_TRUE(Answers(rounds).empty());
  rounds.Expire(TimePoint(std::chrono::seconds(5)));
  EXPECT_EQ(
      Answers(rounds).at(0).outcome.status,
      absl::DeadlineExceededError("no answer within 5s from worker 1 of generation 1 (pid 11)"));
}

TEST(ReopenRounds, TellWhatWasInTheWayOfAsking) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, {{0, {"worker 0", "was not ready"}}, {1, {"worker 1", "was not ready"}}},
               absl::OkStatus(), TimePoint());
  rounds.OnAsked(1, 1);
  rounds.OnAsked(2, 0);  // of another round
  rounds.Expire(TimePoint(std::chrono::seconds(5)));
  EXPECT_EQ(Answers(rounds).at(0).outcome.status,
            absl::DeadlineExceededError(
                "worker 0 was not ready within 5s; no answer within 5s from worker 1"));
}

TEST(ReopenRounds, DoNotWaitForADeadWorker) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, kTwo, absl::OkStatus(), TimePoint());
  rounds.Forget(0);
  rounds.Acknowledge(1, 1, "");
  EXPECT_EQ(Answers(rounds).at(0).outcome.reopened, 1u);
}

TEST(ReopenRounds, AreLoggedThoughNobodyWaits) {
  ReopenRounds rounds;
  rounds.Begin(1, 0, {}, absl::OkStatus(), TimePoint());
  rounds.Begin(2, 0, {}, absl::NotFoundError("open x: No such file or directory"), TimePoint());
  Decision decision{TimePoint()};
  rounds.AnswerEnded(decision);
  const std::vector<Action> actions = decision.TakeActions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(std::get<LogAction>(actions[0]).text, "log files are open again in 0 workers");
  EXPECT_EQ(std::get<LogAction>(actions[1]).text,
            "reopening failed: master: open x: No such file or directory");
}

TEST(ReopenRounds, IgnoreAnswersToAnotherRound) {
  ReopenRounds rounds;
  rounds.Begin(1, 7, {{0, {"worker 0 of generation 1 (pid 10)"}}}, absl::OkStatus(), TimePoint());
  rounds.Acknowledge(2, 0, "");
  rounds.Acknowledge(1, 5, "");
  EXPECT_TRUE(Answers(rounds).empty());
}

}  // namespace
}  // namespace muster::master
