// Who waits for which attempt: conditions, those that come meanwhile, and those that leave.

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/reload_attempts_fixture.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using ReloadRequestsTest = ReloadAttemptsTest;

TEST_F(ReloadRequestsTest, BeginIfTheirConditionIsMet) {
  attempts_.Ask({.request = 5, .condition = {.generation = 1}}, decision_);
  EXPECT_TRUE(attempts_.is_under_way());
}

TEST_F(ReloadRequestsTest, ChangeNothingIfTheirConditionIsNotMet) {
  attempts_.Ask({.request = 5, .condition = {.generation = 3}}, decision_);
  Sort();
  EXPECT_FALSE(attempts_.is_under_way());
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(attempts_.refused(), 0u);
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status.message(), "reload refused: generation 1 serves, not 3");
  EXPECT_THAT(log_, ElementsAre("reload refused: generation 1 serves, not 3"));
}

TEST_F(ReloadRequestsTest, HoldTheConditionAgainstWhatServesWhenTheyBegin) {
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

TEST_F(ReloadRequestsTest, BeginTheNextOneAfterOneWhoseConditionIsNotMet) {
  attempts_.Ask({.request = 5}, decision_);
  attempts_.Ask({.request = 6, .has_config = true, .condition = {.generation = 1}}, decision_);
  attempts_.Ask({.request = 7, .has_config = true}, decision_);
  attempts_.BeginGeneration({});
  Succeed();
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(5u, 6u));
  EXPECT_EQ(attempts_.HowWaits(7), ReloadAttempts::Wait::kAlone);
}

TEST_F(ReloadRequestsTest, KnowTheHashOfWhatServes) {
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

TEST_F(ReloadRequestsTest, MakeOneReloadOfAllRequestsThatComeMeanwhile) {
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

TEST_F(ReloadRequestsTest, LoadWhatARequestBringsInTheOrderOfTheRequests) {
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

TEST_F(ReloadRequestsTest, KeepAFewWaitingAndRefuseTheRest) {
  attempts_.Ask({5}, decision_);
  for (RequestId request = 100; request <= 100 + ReloadAttempts::kMostPending; ++request) {
    attempts_.Ask({.request = request, .has_config = true}, decision_);
  }
  Sort();
  EXPECT_THAT(Answered(), ElementsAre(100 + ReloadAttempts::kMostPending));
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: 16 reloads wait already"));
}

TEST_F(ReloadRequestsTest, HandOverThoseWhoWaitUntilTheOldWorkersHaveEnded) {
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

TEST_F(ReloadRequestsTest, AnswerAllWhoWaitWhenTheyAreCancelled) {
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

TEST_F(ReloadRequestsTest, SayOfEachWhoIsCancelledWhatWasAskedFor) {
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

TEST_F(ReloadRequestsTest, KnowWhatARequestThatWaitsHasAskedFor) {
  attempts_.AskForRollback({.request = 5, .generation = 1}, decision_);
  attempts_.Ask({6}, decision_);
  attempts_.AskForRollback({.request = 7, .generation = 1}, decision_);
  EXPECT_EQ(attempts_.NameOf(5), "rollback");
  EXPECT_EQ(attempts_.NameOf(6), "reload");
  EXPECT_EQ(attempts_.NameOf(7), "rollback");
}

TEST_F(ReloadRequestsTest, RefuseARollbackThatFindsNoRoomAsARollback) {
  attempts_.Ask({5}, decision_);
  for (RequestId request = 100; request <= 100 + ReloadAttempts::kMostPending; ++request) {
    attempts_.AskForRollback({.request = request, .generation = 1}, decision_);
  }
  Sort();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status.message(), "rollback refused: 16 reloads wait already");
}

TEST_F(ReloadRequestsTest, KnowHowARequestWaits) {
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

TEST_F(ReloadRequestsTest, GoOnWithoutARequestThatLeaves) {
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

TEST_F(ReloadRequestsTest, TellARequestThatLeavesAfterTheCommitWhatServes) {
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

}  // namespace
}  // namespace muster::master
