#include "muster/master/decide/reload_attempts.h"

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/reload_attempts_fixture.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

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

TEST_F(ReloadAttemptsTest, DoNotUseTheNumberOfAFailedGenerationAgain) {
  attempts_.Ask({5}, decision_);
  EXPECT_EQ(attempts_.BeginGeneration({}), 2u);
  attempts_.Fail(absl::AbortedError("no"), "", decision_);
  attempts_.Ask({6}, decision_);
  EXPECT_EQ(attempts_.BeginGeneration({}), 3u);
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

TEST_F(ReloadAttemptsTest, KeepWhatIsBesideTheReasonOfAFailure) {
  absl::Status reason = absl::InvalidArgumentError("m:1:1: no");
  reason.SetPayload("kind", absl::Cord("mistakes"));
  attempts_.Ask({5}, decision_);
  attempts_.Fail(reason, "", decision_);
  Sort();
  ASSERT_THAT(Answered(), ElementsAre(5u));
  EXPECT_EQ(replies_[0].outcome.status.GetPayload("kind"), absl::Cord("mistakes"));
}

TEST_F(ReloadAttemptsTest, LogTheRefusalOfAReloadForWhichNobodyWaits) {
  attempts_.Ask({0}, decision_);
  Sort();
  attempts_.Cancel(absl::FailedPreconditionError("the master was paused"), decision_);
  Sort();
  EXPECT_THAT(Answered(), IsEmpty());
  EXPECT_THAT(log_, ElementsAre("reload refused: the master was paused"));
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
