#include "muster/master/decide/pause.h"

#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

// The only answer so far.
std::optional<Outcome> AnswerIn(Decision& decision) {
  std::optional<Outcome> outcome;
  for (const Action& action : decision.TakeActions()) {
    if (const auto* reply = std::get_if<ReplyAction>(&action)) outcome = reply->outcome;
  }
  return outcome;
}

TEST(Pause, IsOffAtFirst) {
  Pause pause;
  Decision decision{TimePoint()};
  pause.Complete(decision);
  EXPECT_FALSE(pause.is_on());
  EXPECT_EQ(AnswerIn(decision), std::nullopt);
}

TEST(Pause, IsAnsweredOnceNobodyIsLeft) {
  Pause pause;
  Decision decision{TimePoint()};
  pause.CountWorker({}, false);  // before it
  pause.Begin();
  pause.Await(5);
  pause.CountWorker({}, false);
  pause.CountWorker({}, true);
  EXPECT_EQ(AnswerIn(decision), std::nullopt);
  pause.Complete(decision);
  const std::optional<Outcome> outcome = AnswerIn(decision);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->exited, 1u);
  EXPECT_EQ(outcome->killed, 1u);
  pause.Complete(decision);
  EXPECT_EQ(AnswerIn(decision), std::nullopt);
  EXPECT_TRUE(pause.is_on());
}

TEST(Pause, TellsThoseWhoWaitWhyItEndedBeforeItWasComplete) {
  Pause pause;
  Decision decision{TimePoint()};
  pause.Begin();
  pause.Await(5);
  pause.End(absl::FailedPreconditionError("the master is stopping"), decision);
  EXPECT_FALSE(pause.is_on());
  const std::optional<Outcome> outcome = AnswerIn(decision);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status.message(), "the master is stopping");
}

TEST(Pause, CountsFromItsOwnBeginning) {
  Pause pause;
  Decision decision{TimePoint()};
  pause.Begin();
  pause.CountWorker({}, true);
  pause.End(absl::OkStatus(), decision);
  pause.Begin();
  pause.Await(6);
  pause.Complete(decision);
  EXPECT_EQ(AnswerIn(decision)->killed, 0u);
}

}  // namespace
}  // namespace muster::master
