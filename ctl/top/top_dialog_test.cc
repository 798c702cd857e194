#include "muster/ctl/top/top_dialog.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr auto kRestart = v1::ChangeWorkerRequest::RESTART;
constexpr auto kDrain = v1::ChangeWorkerRequest::DRAIN;

// Of a master whose generation 2 serves. Worker N has the pid 4711 + N.
v1::Status StatusOf(int count) {
  v1::Status status;
  status.mutable_master()->set_generation(2);
  for (int i = 0; i < count; ++i) {
    v1::Worker* const worker = status.add_workers();
    worker->set_index(i);
    worker->set_generation(2);
    worker->set_pid(4711 + i);
    worker->set_state(v1::Worker::SERVING);
  }
  return status;
}

class TopDialogTest : public ::testing::Test {
 protected:
  TopDialogTest() { dialog_.TakeStatus(status_); }

  void Ask(v1::ChangeWorkerRequest::Change change, int number) {
    dialog_.Ask(change, &status_.workers(number));
  }

  v1::Status status_ = StatusOf(3);
  TopDialog dialog_;
};

TEST_F(TopDialogTest, AsksFirst) {
  Ask(kRestart, 1);
  EXPECT_TRUE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(), "restart worker 1 (generation 2, pid 4712)? y/n");
  EXPECT_FALSE(dialog_.TakeOrder().has_value());
}

TEST_F(TopDialogTest, SendsAfterYesOnce) {
  Ask(kDrain, 1);
  dialog_.Answer(true);
  const auto order = dialog_.TakeOrder();
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->change, kDrain);
  EXPECT_EQ(order->number, 1u);
  EXPECT_EQ(order->generation, 2u);
  EXPECT_EQ(order->pid, 4712);
  EXPECT_FALSE(dialog_.TakeOrder().has_value());
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(), "draining worker 1 (generation 2, pid 4712)...");
}

TEST_F(TopDialogTest, SendsNothingAfterNo) {
  Ask(kRestart, 1);
  dialog_.Answer(false);
  EXPECT_FALSE(dialog_.TakeOrder().has_value());
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(), "restart worker 1 (generation 2, pid 4712): nothing was sent");
  dialog_.Forget();
  EXPECT_EQ(dialog_.Text(), "");
}

TEST_F(TopDialogTest, SendsForTheWorkerThatWasAskedAbout) {
  Ask(kRestart, 1);
  v1::Status sorted_anew = status_;
  sorted_anew.mutable_workers()->SwapElements(0, 1);
  dialog_.TakeStatus(sorted_anew);
  dialog_.Answer(true);
  EXPECT_EQ(dialog_.TakeOrder()->pid, 4712);
}

TEST_F(TopDialogTest, SendsNothingIfTheWorkerWasReplacedMeanwhile) {
  Ask(kRestart, 1);
  status_.mutable_workers(1)->set_pid(4720);
  dialog_.TakeStatus(status_);
  dialog_.Answer(true);
  EXPECT_FALSE(dialog_.TakeOrder().has_value());
  EXPECT_FALSE(dialog_.under_way().has_value());
  EXPECT_EQ(dialog_.Text(),
            "restart worker 1 (generation 2, pid 4712): nothing was sent: it was replaced by pid "
            "4720");
}

TEST_F(TopDialogTest, AsksNothingAboutAWorkerAtItsEnd) {
  status_.mutable_workers(1)->set_state(v1::Worker::DRAINING);
  dialog_.TakeStatus(status_);
  Ask(kRestart, 1);
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(),
            "restart worker 1 (generation 2, pid 4712): nothing was sent: it drains already");
}

TEST_F(TopDialogTest, AsksNothingAboutAWorkerThatEndedWhileTheScreenWasFrozen) {
  const v1::Worker frozen = status_.workers(2);
  dialog_.TakeStatus(StatusOf(2));
  dialog_.Ask(kDrain, &frozen);
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(),
            "drain worker 2 (generation 2, pid 4713): nothing was sent: it has ended");
}

TEST_F(TopDialogTest, AsksNothingWithoutASelection) {
  dialog_.Ask(kRestart, nullptr);
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(), "no worker is selected");
}

TEST_F(TopDialogTest, HasOneOrderAtATime) {
  Ask(kRestart, 1);
  dialog_.Answer(true);
  dialog_.TakeOrder();
  Ask(kDrain, 0);
  EXPECT_FALSE(dialog_.is_asking());
  EXPECT_EQ(dialog_.Text(),
            "restarting worker 1 (generation 2, pid 4712)... (one order at a time)");
  dialog_.Forget();
  EXPECT_EQ(dialog_.Text(), "restarting worker 1 (generation 2, pid 4712)...")
      << "what is under way stays";
  dialog_.TakeOutcome({.unsent = "", .answer = v1::ChangeWorkerResponse()});
  Ask(kDrain, 0);
  EXPECT_TRUE(dialog_.is_asking());
}

class TopOutcomeTest : public TopDialogTest {
 protected:
  // What is said after this outcome of the order.
  std::string After(v1::ChangeWorkerRequest::Change change, const TopOutcome& outcome) {
    Ask(change, 0);
    dialog_.Answer(true);
    dialog_.TakeOrder();
    dialog_.TakeOutcome(outcome);
    return dialog_.Text();
  }
};

TEST_F(TopOutcomeTest, IsSaidUntilTheNextKey) {
  EXPECT_EQ(After(kRestart, {.unsent = "", .answer = v1::ChangeWorkerResponse()}),
            "restart worker 0 (generation 2, pid 4711): it was replaced");
  EXPECT_EQ(dialog_.colour(), Colour::kGreen);
  dialog_.TakeStatus(status_);
  EXPECT_NE(dialog_.Text(), "") << "a status is no key";
  dialog_.Forget();
  EXPECT_EQ(dialog_.Text(), "");
  EXPECT_EQ(After(kDrain, {.unsent = "", .answer = v1::ChangeWorkerResponse()}),
            "drain worker 0 (generation 2, pid 4711): it drains, and is not replaced");
}

TEST_F(TopOutcomeTest, HasItsWarnings) {
  v1::ChangeWorkerResponse answer;
  answer.add_warning("worker 1 was slow");
  answer.add_warning("so was worker 2");
  EXPECT_EQ(After(kRestart, {.unsent = "", .answer = answer}),
            "restart worker 0 (generation 2, pid 4711): it was replaced; warning: worker 1 was "
            "slow; warning: so was worker 2");
  EXPECT_EQ(dialog_.colour(), Colour::kYellow);
}

TEST_F(TopOutcomeTest, HasTheReasonOfTheMaster) {
  EXPECT_EQ(After(kDrain, {.unsent = "",
                           .answer = absl::FailedPreconditionError(
                               "worker drain refused: worker 0 is the last one that serves")}),
            "drain worker 0 (generation 2, pid 4711): worker drain refused: worker 0 is the last "
            "one that serves");
  EXPECT_EQ(dialog_.colour(), Colour::kRed);
}

TEST_F(TopOutcomeTest, SaysThatNothingWasSent) {
  EXPECT_EQ(After(kDrain, {.unsent = "no master there", .answer = absl::UnknownError("")}),
            "drain worker 0 (generation 2, pid 4711): nothing was sent: no master there");
}

}  // namespace
}  // namespace muster::ctl
