#include "muster/master/decide/reload_attempts.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Attempts after a start that succeeded with generation 1.
class ReloadAttemptsTest : public testing::Test {
 protected:
  ReloadAttemptsTest() {
    attempts_.Start(TimePoint());
    attempts_.BeginGeneration({});
    Succeed();
    Sort();
  }

  void Succeed() {
    attempts_.Commit(decision_.now());
    attempts_.Succeed({}, decision_);
  }
  // The actions since the last call.
  void Sort() {
    loads_ = 0;
    replies_.clear();
    log_.clear();
    told_.clear();
    for (const Action& action : decision_.TakeActions()) {
      if (std::holds_alternative<LoadAction>(action)) ++loads_;
      if (const auto* reply = std::get_if<ReplyAction>(&action)) replies_.push_back(*reply);
      if (const auto* log = std::get_if<LogAction>(&action)) {
        log_.push_back(log->text);
        if (log->topic != Topic::kOther) told_.emplace_back(log->topic, log->attempt);
      }
    }
  }
  std::vector<RequestId> Answered() const {
    std::vector<RequestId> requests;
    for (const ReplyAction& reply : replies_) requests.push_back(reply.request);
    return requests;
  }

  ReloadAttempts attempts_;
  Decision decision_{TimePoint()};
  int loads_ = 0;
  std::vector<ReplyAction> replies_;
  std::vector<std::string> log_;
  std::vector<std::pair<Topic, LoadId>> told_;  // with the attempt
};

TEST_F(ReloadAttemptsTest, LoadTheConfigurationFirst) {
  attempts_.Ask({5}, decision_);
  Sort();
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(attempts_.is_loading());
  EXPECT_EQ(attempts_.generation(), 0u);
}

TEST_F(ReloadAttemptsTest, NumberTheirLoads) {
  attempts_.Ask({5}, decision_);
  const LoadId first = attempts_.load();
  EXPECT_TRUE(attempts_.awaits(first));
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  EXPECT_FALSE(attempts_.awaits(first));
  attempts_.Ask({6}, decision_);
  EXPECT_FALSE(attempts_.awaits(first));
  EXPECT_TRUE(attempts_.awaits(attempts_.load()));
}

TEST_F(ReloadAttemptsTest, HaveNoDeadlineOnceTheConfigurationIsLoaded) {
  attempts_.Ask({5}, decision_);
  EXPECT_EQ(attempts_.next_deadline(), TimePoint() + ReloadAttempts::kLoadTimeout);
  attempts_.BeginGeneration({});
  EXPECT_EQ(attempts_.next_deadline(), std::nullopt);
}

TEST_F(ReloadAttemptsTest, HaveAGenerationOnceTheConfigurationIsLoaded) {
  attempts_.Ask({5}, decision_);
  EXPECT_EQ(attempts_.BeginGeneration({.workers = 7}), 2u);
  EXPECT_EQ(attempts_.generation(), 2u);
  EXPECT_EQ(attempts_.settings().workers, 7u);
  EXPECT_FALSE(attempts_.is_loading());
  EXPECT_TRUE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, AnswerASuccessWithTheGenerationAndTheTime) {
  attempts_.Ask({5}, decision_);
  attempts_.BeginGeneration({});
  decision_ = Decision(TimePoint(seconds(4)));
  Succeed();
  Sort();
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(replies_[0].outcome.took, seconds(4));
  EXPECT_FALSE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, DoNotCountTheStartAsAReload) { EXPECT_EQ(attempts_.succeeded(), 0u); }

TEST_F(ReloadAttemptsTest, CountSuccessesAndRefusals) {
  attempts_.Ask({0}, decision_);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  attempts_.Ask({0}, decision_);
  attempts_.Cancel(absl::AbortedError("no"), decision_);
  attempts_.Ask({0}, decision_);
  attempts_.BeginGeneration({});
  Succeed();
  EXPECT_EQ(attempts_.refused(), 2u);
  EXPECT_EQ(attempts_.succeeded(), 1u);
}

TEST_F(ReloadAttemptsTest, RememberTheReasonOfTheLastRefusalUntilOneSucceeds) {
  attempts_.Ask({0}, decision_);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  EXPECT_EQ(attempts_.last_error(), "no");
  attempts_.Ask({0}, decision_);
  attempts_.BeginGeneration({});
  Succeed();
  EXPECT_EQ(attempts_.last_error(), "");
}

TEST_F(ReloadAttemptsTest, AnswerAFailureWithWhatServesAndTheReason) {
  attempts_.Ask({5}, decision_);
  attempts_.Fail(absl::InvalidArgumentError("m:1:1: no"), ", generation 1 goes on serving",
                 decision_);
  Sort();
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status,
            absl::InvalidArgumentError("reload refused, generation 1 goes on serving: m:1:1: no"));
  EXPECT_EQ(log_.back(), "reload refused, generation 1 goes on serving: m:1:1: no");
}

TEST_F(ReloadAttemptsTest, AnswerWithTheCodesThatClientsKnow) {
  attempts_.Ask({5}, decision_);
  attempts_.Fail(absl::DeadlineExceededError("late"), "", decision_);
  Sort();
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status, absl::AbortedError("reload refused: late"));
}

TEST_F(ReloadAttemptsTest, BeginIfTheirConditionIsMet) {
  attempts_.Ask({.request = 5, .condition = {.generation = 1}}, decision_);
  EXPECT_TRUE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, ChangeNothingIfTheirConditionIsNotMet) {
  attempts_.Ask({.request = 5, .condition = {.generation = 3}}, decision_);
  Sort();
  EXPECT_FALSE(attempts_.is_under_way());
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(attempts_.refused(), 0u);
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status.message(), "reload refused: generation 1 serves, not 3");
  EXPECT_THAT(log_, ElementsAre("reload refused: generation 1 serves, not 3"));
}

// Both have looked at generation 1. The one that waits is too late; a signal goes on.
TEST_F(ReloadAttemptsTest, HoldTheConditionAgainstWhatServesWhenTheyBegin) {
  attempts_.Ask({.request = 5, .condition = {.generation = 1}}, decision_);
  attempts_.Ask({.request = 6, .condition = {.generation = 1}}, decision_);
  attempts_.Ask({.request = 0}, decision_);
  attempts_.BeginGeneration({});
  Succeed();
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u, 6u));
  EXPECT_EQ(replies_[1].outcome.status.message(), "reload refused: generation 2 serves, not 1");
  EXPECT_EQ(loads_, 2);
  EXPECT_TRUE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, BeginTheNextOneAfterOneWhoseConditionIsNotMet) {
  attempts_.Ask({.request = 5}, decision_);
  attempts_.Ask({.request = 6, .has_config = true, .condition = {.generation = 1}}, decision_);
  attempts_.Ask({.request = 7, .has_config = true}, decision_);
  attempts_.BeginGeneration({});
  Succeed();
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u, 6u));
  EXPECT_EQ(attempts_.HowWaits(7), ReloadAttempts::Wait::kAlone);
}

TEST_F(ReloadAttemptsTest, KnowTheHashOfWhatServes) {
  attempts_.Ask({.request = 5}, decision_);
  attempts_.BeginGeneration({.hash = "new"});
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  attempts_.Ask({.request = 6, .condition = {.hash = "new"}}, decision_);
  EXPECT_FALSE(attempts_.is_under_way());
  attempts_.Ask({.request = 7}, decision_);
  attempts_.BeginGeneration({.hash = "new"});
  Succeed();
  attempts_.Ask({.request = 8, .condition = {.hash = "new"}}, decision_);
  EXPECT_TRUE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, DoNotUseTheNumberOfAFailedGenerationAgain) {
  attempts_.Ask({5}, decision_);
  EXPECT_EQ(attempts_.BeginGeneration({}), 2u);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  attempts_.Ask({6}, decision_);
  EXPECT_EQ(attempts_.BeginGeneration({}), 3u);
}

TEST_F(ReloadAttemptsTest, MakeOneReloadOfAllRequestsThatComeMeanwhile) {
  attempts_.Ask({5}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.Ask({7}, decision_);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(loads_, 2);
  attempts_.BeginGeneration({});
  Succeed();
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(6u, 7u));
  EXPECT_EQ(loads_, 0);
}

TEST_F(ReloadAttemptsTest, LoadWhatARequestBringsInTheOrderOfTheRequests) {
  attempts_.Ask({.request = 5}, decision_);
  attempts_.Ask({.request = 6}, decision_);
  attempts_.Ask({.request = 7, .has_config = true}, decision_);
  attempts_.Ask({.request = 8}, decision_);
  attempts_.Ask({.request = 9}, decision_);
  std::vector<RequestId> loaded;
  std::vector<std::vector<RequestId>> answered;
  while (attempts_.is_under_way()) {
    for (const Action& action : decision_.TakeActions()) {
      if (const auto* load = std::get_if<LoadAction>(&action)) loaded.push_back(load->config_of);
    }
    attempts_.BeginGeneration({});
    attempts_.Commit(decision_.now());
    attempts_.Answer({}, decision_);
    Sort();
    answered.push_back(Answered());
    attempts_.BeginNext(decision_);
  }
  EXPECT_THAT(loaded, ElementsAre(0u, 0u, 7u, 0u));
  EXPECT_THAT(answered,
              ElementsAre(ElementsAre(5u), ElementsAre(6u), ElementsAre(7u), ElementsAre(8u, 9u)));
}

TEST_F(ReloadAttemptsTest, KeepAFewWaitingAndRefuseTheRest) {
  attempts_.Ask({5}, decision_);
  for (RequestId request = 100; request <= 100 + ReloadAttempts::kMostPending; ++request) {
    attempts_.Ask({.request = request, .has_config = true}, decision_);
  }
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(100 + ReloadAttempts::kMostPending));
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: 16 reloads wait already"));
}

TEST_F(ReloadAttemptsTest, TellWhichOneBeganAndWhichOneWasRefused) {
  attempts_.Ask({5}, decision_);
  const LoadId first = attempts_.load();
  for (RequestId request = 100; request <= 100 + ReloadAttempts::kMostPending; ++request) {
    attempts_.Ask({.request = request, .has_config = true}, decision_);
  }
  Sort();
  EXPECT_THAT(told_,
              ElementsAre(Pair(Topic::kReloadBegun, first), Pair(Topic::kReloadRefused, 0u)));
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  Sort();
  EXPECT_THAT(told_, ElementsAre(Pair(Topic::kReloadRefused, first),
                                 Pair(Topic::kReloadBegun, attempts_.load())));
  EXPECT_NE(attempts_.load(), first);
  const LoadId second = attempts_.load();
  attempts_.Cancel(absl::FailedPreconditionError("paused"), decision_);
  Sort();
  EXPECT_THAT(told_, ElementsAre(Pair(Topic::kReloadRefused, second)));
  attempts_.Resume(7, 1, "uid 7", decision_);
  const LoadId resumption = attempts_.load();
  attempts_.Cancel(absl::FailedPreconditionError("paused"), decision_);
  Sort();
  EXPECT_THAT(told_, ElementsAre(Pair(Topic::kReloadBegun, resumption),
                                 Pair(Topic::kReloadRefused, resumption)));
}

TEST_F(ReloadAttemptsTest, HandOverThoseWhoWaitUntilTheOldWorkersHaveEnded) {
  attempts_.Ask({4}, decision_);
  attempts_.Ask({.request = 5, .until_drained = true}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  attempts_.BeginGeneration({});
  attempts_.Commit(decision_.now());
  Sort();
  const ReloadAttempts::Answered answered =
      attempts_.Succeed({.warnings = {"one is late"}}, decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(6u));
  EXPECT_EQ(answered.generation, 2u);
  EXPECT_EQ(answered.outcome.generation, 2u);
  EXPECT_THAT(answered.outcome.warnings, ElementsAre("one is late"));
  EXPECT_THAT(answered.until_drained, ElementsAre(5u));
  EXPECT_EQ(attempts_.HowWaits(5), ReloadAttempts::Wait::kNot);
}

TEST_F(ReloadAttemptsTest, KeepWhatIsBesideTheReasonOfAFailure) {
  absl::Status reason = absl::InvalidArgumentError("m:1:1: no");
  reason.SetPayload("kind", absl::Cord("mistakes"));
  attempts_.Ask({5}, decision_);
  attempts_.Fail(reason, "", decision_);
  Sort();
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status.GetPayload("kind"), absl::Cord("mistakes"));
}

TEST_F(ReloadAttemptsTest, AnswerAllWhoWaitWhenTheyAreCancelled) {
  attempts_.Ask({5}, decision_);
  attempts_.Ask({6}, decision_);
  Sort();
  attempts_.Cancel(absl::FailedPreconditionError("the master is stopping"), decision_);
  Sort();
  EXPECT_THAT(Answered(), testing::UnorderedElementsAre(5u, 6u));
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: the master is stopping"));
  EXPECT_THAT(log_, ElementsAre("reload refused: the master is stopping"));
  EXPECT_EQ(loads_, 0);
  EXPECT_FALSE(attempts_.is_under_way());
}

TEST_F(ReloadAttemptsTest, SayOfEachWhoIsCancelledWhatWasAskedFor) {
  attempts_.AskForRollback({.request = 5, .generation = 1}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.AskForRollback({.request = 7, .generation = 1}, decision_);
  Sort();
  attempts_.Cancel(absl::FailedPreconditionError("the master is stopping"), decision_);
  Sort();
  std::map<RequestId, std::string> told;
  for (const ReplyAction& reply : replies_) {
    told[reply.request] = std::string(reply.outcome.status.message());
  }
  EXPECT_THAT(told, ElementsAre(Pair(5u, "rollback refused: the master is stopping"),
                                Pair(6u, "reload refused: the master is stopping"),
                                Pair(7u, "rollback refused: the master is stopping")));
  EXPECT_THAT(log_, ElementsAre("reload refused: the master is stopping",
                                "rollback refused: the master is stopping"));
}

TEST_F(ReloadAttemptsTest, KnowWhatARequestThatWaitsHasAskedFor) {
  attempts_.AskForRollback({.request = 5, .generation = 1}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.AskForRollback({.request = 7, .generation = 1}, decision_);
  EXPECT_EQ(attempts_.NameOf(5), "rollback");
  EXPECT_EQ(attempts_.NameOf(6), "reload");
  EXPECT_EQ(attempts_.NameOf(7), "rollback");
}

TEST_F(ReloadAttemptsTest, RefuseARollbackThatFindsNoRoomAsARollback) {
  attempts_.Ask({5}, decision_);
  for (RequestId request = 100; request <= 100 + ReloadAttempts::kMostPending; ++request) {
    attempts_.AskForRollback({.request = request, .generation = 1}, decision_);
  }
  Sort();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status.message(), "rollback refused: 16 reloads wait already");
}

TEST_F(ReloadAttemptsTest, LogTheRefusalOfAReloadForWhichNobodyWaits) {
  attempts_.Ask({0}, decision_);
  Sort();
  attempts_.Cancel(absl::FailedPreconditionError("the master was paused"), decision_);
  Sort();
  EXPECT_THAT(Answered(), IsEmpty());
  EXPECT_THAT(log_, ElementsAre("reload refused: the master was paused"));
}

TEST_F(ReloadAttemptsTest, KnowHowARequestWaits) {
  using Wait = ReloadAttempts::Wait;
  attempts_.Ask({5}, decision_);
  attempts_.Ask({6}, decision_);
  EXPECT_EQ(attempts_.HowWaits(5), Wait::kAlone);
  EXPECT_EQ(attempts_.HowWaits(6), Wait::kForNext);
  attempts_.Ask({0}, decision_);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  EXPECT_EQ(attempts_.HowWaits(5), Wait::kNot);
  EXPECT_EQ(attempts_.HowWaits(6), Wait::kWithOthers);
  EXPECT_EQ(attempts_.HowWaits(0), Wait::kNot);
}

TEST_F(ReloadAttemptsTest, GoOnWithoutARequestThatLeaves) {
  attempts_.Ask({5}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.Ask({7}, decision_);
  attempts_.Leave(6, {.status = absl::CancelledError("later")}, decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(6u));
  EXPECT_EQ(replies_[0].outcome.status, absl::CancelledError("later"));
  EXPECT_THAT(log_, ElementsAre(testing::_, "later"));
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u));
  attempts_.BeginGeneration({});
  Succeed();
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(7u));
}

TEST_F(ReloadAttemptsTest, TellARequestThatLeavesAfterTheCommitWhatServes) {
  attempts_.Ask({5}, decision_);
  const std::uint64_t generation = attempts_.BeginGeneration({});
  attempts_.Commit(decision_.now() + std::chrono::seconds(2));
  Sort();
  attempts_.Leave(5, {.warnings = {"one is late"}}, decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.generation, generation);
  EXPECT_EQ(replies_[0].outcome.took, std::chrono::seconds(2));
  EXPECT_THAT(replies_[0].outcome.warnings, ElementsAre("one is late"));
  attempts_.Succeed({}, decision_);
  Sort();
  EXPECT_THAT(Answered(), IsEmpty());
  EXPECT_EQ(attempts_.succeeded(), 1u);
}

TEST_F(ReloadAttemptsTest, HaveNothingToCancelWhenNoneIsUnderWay) {
  attempts_.Cancel(absl::FailedPreconditionError("the master is stopping"), decision_);
  EXPECT_THAT(decision_.TakeActions(), IsEmpty());
  EXPECT_EQ(attempts_.refused(), 0u);
}

TEST_F(ReloadAttemptsTest, LeaveAFailedStartToTheEndOfTheMaster) {
  ReloadAttempts attempts;
  attempts.Start(TimePoint());
  EXPECT_TRUE(attempts.is_start());
  attempts.Ask({5}, decision_);
  attempts.BeginGeneration({});
  attempts.Fail(absl::AbortedError("no"), "", decision_);
  EXPECT_THAT(decision_.TakeActions(), IsEmpty());
  EXPECT_FALSE(attempts.is_start());
  attempts.Cancel(absl::FailedPreconditionError("the master is stopping"), decision_);
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u));
}

}  // namespace
}  // namespace muster::master
