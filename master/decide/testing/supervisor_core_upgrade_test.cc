// Upgrades up to the exec: a program is tried, and executed when nothing else is under way.

#include <chrono>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_upgrade_fixture.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

using SupervisorCoreUpgrade = SupervisorCoreUpgradeTest;

TEST_F(SupervisorCoreUpgrade, TriesTheProgramAndHasItExecuted) {
  StartServing();
  Ask(7);
  EXPECT_THAT(tried_, ElementsAre(TryProgramAction{1, "/master", "/worker"}));
  EXPECT_EQ(Where(), State::kTrying);
  EXPECT_TRUE(execs_.empty());
  Tried();
  EXPECT_THAT(execs_, ElementsAre(ExecAction{false}));
  EXPECT_EQ(Where(), State::kReplacing);
}

TEST_F(SupervisorCoreUpgrade, TellsWhoWaitsBeforeTheExecThatTheOutcomeIsInTheStatus) {
  StartServing();
  Ask(7);
  Tried();
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(7))) << StatusOf(7);
  EXPECT_EQ(config::ErrorReasonOf(StatusOf(7)), "UPGRADING");
  EXPECT_THAT(RefusalOf(7), HasSubstr("of upgrade id 1"));
}

TEST_F(SupervisorCoreUpgrade, IsRefusedWithTheReasonOfTheTrialAndChangesNothing) {
  StartServing();
  Ask(7);
  Tried(absl::InternalError("it exited with code 3"));
  EXPECT_EQ(StatusOf(7), absl::FailedPreconditionError(
                             "upgrade refused, nothing changed: it exited with code 3"));
  EXPECT_EQ(Where(), State::kRefused);
  EXPECT_EQ(core_.upgrade().record().reason, "it exited with code 3");
  EXPECT_EQ(programs_abandoned_, 1);
  EXPECT_TRUE(execs_.empty());
  // The next one begins.
  Ask(8);
  EXPECT_EQ(Where(), State::kTrying);
}

TEST_F(SupervisorCoreUpgrade, IsRefusedIfTheExecFails) {
  StartServing();
  Ask(7);
  Tried();
  Give(ExecFailedEvent{absl::InternalError("execveat: Cannot allocate memory")});
  EXPECT_EQ(Where(), State::kRefused);
  EXPECT_EQ(core_.upgrade().record().reason, "execveat: Cannot allocate memory");
  EXPECT_EQ(programs_abandoned_, 1);
  EXPECT_FALSE(core_.upgrade().is_executing());
}

TEST_F(SupervisorCoreUpgrade, IsRefusedUnlessAllIsQuietWithWhatIsNot) {
  Ask(1);
  EXPECT_THAT(RefusalOf(1), HasSubstr("nothing serves yet"));
  StartServing();
  Give(ReloadEvent{});
  Ask(2);
  EXPECT_EQ(RefusalOf(2), "upgrade refused, nothing changed: a reload is under way");
  Give(LoadRefusedEvent{load_, absl::InternalError("")});
  Give(ReopenEvent{});
  Ask(3);
  EXPECT_THAT(RefusalOf(3), HasSubstr("log files are being opened again"));
  Pass(seconds(5));
  Give(WorkerOrderEvent{.what = WorkerOrderEvent::What::kRestartAll});
  Ask(4);
  EXPECT_THAT(RefusalOf(4), HasSubstr("a change of workers is under way"));
  Give(PauseEvent{});
  Ask(5);
  EXPECT_THAT(RefusalOf(5), HasSubstr("the master is paused"));
  Give(StopEvent{});
  Ask(6);
  EXPECT_FALSE(RefusalOf(6).empty());
  EXPECT_TRUE(tried_.empty());
}

TEST_F(SupervisorCoreUpgrade, LetsNoOtherChangeBeginWhileAProgramIsTried) {
  StartServing();
  Ask(0);
  Give(ReloadEvent{1});
  Give(RollbackEvent{2});
  Give(WorkerOrderEvent{3});
  Give(PauseEvent{4});
  Ask(5);
  for (RequestId request = 1; request <= 5; ++request) {
    EXPECT_TRUE(absl::IsFailedPrecondition(StatusOf(request))) << StatusOf(request);
    EXPECT_THAT(RefusalOf(request), HasSubstr("upgrade is under way"));
  }
  Give(ScaleEvent{1});
  EXPECT_EQ(core_.wanted_workers(), 2u);
  EXPECT_TRUE(spawned_.empty());
  EXPECT_EQ(loads_ + loads_again_, 0);
}

TEST_F(SupervisorCoreUpgrade, StartsCrashedWorkersAgainWhileAProgramIsTried) {
  StartServing();
  Ask(0);
  Give(ExitedEvent{0, KilledBy(11)});
  Pass(seconds(1));
  EXPECT_THAT(spawned_, ElementsAre(0u));
  Give(ReadyEvent{0});
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
  EXPECT_EQ(Where(), State::kTrying);
}

TEST_F(SupervisorCoreUpgrade, WaitsWithTheExecUntilLogFilesAreOpenAgain) {
  StartServing();
  Ask(0);
  Give(ReopenEvent{1});
  Tried();
  EXPECT_TRUE(execs_.empty());
  Pass(seconds(5));
  EXPECT_EQ(execs_.size(), 1u);
}

TEST_F(SupervisorCoreUpgrade, TakesTheExecBackIfSomethingComesBetween) {
  StartServing();
  Ask(0);
  Tried();
  Give(ReopenEvent{1});
  EXPECT_FALSE(core_.upgrade().is_executing());
  Pass(seconds(5));
  EXPECT_TRUE(core_.upgrade().is_executing());
  EXPECT_EQ(execs_.size(), 2u);
}

TEST_F(SupervisorCoreUpgrade, BeginsTheReloadOfASignalWhenItIsOver) {
  StartServing();
  Ask(0);
  Give(ReloadEvent{});
  EXPECT_EQ(loads_, 0);
  Tried(absl::InternalError("no"));
  EXPECT_EQ(loads_, 1);
}

TEST_F(SupervisorCoreUpgrade, KeepsTheReloadOfASignalBeyondTheExec) {
  StartServing();
  Ask(0);
  Give(ReloadEvent{});
  Tried();
  Exec();
  Give(UpgradeUndoneEvent{"it crashed"});
  EXPECT_EQ(loads_, 1);
}

TEST_F(SupervisorCoreUpgrade, IsOverIfTheMasterStops) {
  StartServing();
  Ask(7);
  Give(StopEvent{});
  EXPECT_EQ(RefusalOf(7), "upgrade refused, nothing changed: the master is stopping");
  EXPECT_EQ(programs_abandoned_, 1);
  Tried();
  EXPECT_TRUE(execs_.empty());
  EXPECT_EQ(programs_abandoned_, 2);  // the verdict came all the same
}

TEST_F(SupervisorCoreUpgrade, IsOverIfWhoeverAskedWaitsNoLonger) {
  StartServing();
  Ask(7);
  Give(WithdrawEvent{7, "its deadline came"});
  EXPECT_EQ(RefusalOf(7), "upgrade refused, nothing changed: its deadline came");
  EXPECT_EQ(Where(), State::kRefused);
}

TEST_F(SupervisorCoreUpgrade, WaitsWithTheExecUntilDroppedListenersHaveComeToTheirEnd) {
  StartServing();
  Give(RetirementEvent{.is_under_way = true});
  Ask(1);
  ASSERT_FALSE(tried_.empty()) << "it need not wait to be tried";
  Tried();
  EXPECT_EQ(Where(), State::kReplacing);
  EXPECT_FALSE(core_.upgrade().is_executing());
  EXPECT_EQ(core_.CheckQuiet(),
            absl::FailedPreconditionError("a dropped listener comes to its end"));
  EXPECT_EQ(StatusOf(1), absl::UnknownError("not answered"));
  Give(RetirementEvent{.is_under_way = false});
  EXPECT_TRUE(core_.upgrade().is_executing());
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(1)));
}

// What the undo serves again may drop what came since the upgrade.
TEST_F(SupervisorCoreUpgrade, WaitsWithTheWayBackUntilDroppedListenersHaveComeToTheirEnd) {
  StartServing();
  Upgrade();
  BringWorkers();
  Ask(1, What::kUndo);
  BringBack();
  EXPECT_TRUE(core_.upgrade().is_executing());
  Give(RetirementEvent{.is_under_way = true});  // as the commit's outcome, after its batch
  EXPECT_FALSE(core_.upgrade().is_executing());
  EXPECT_EQ(Where(), State::kReturning);
  Give(RetirementEvent{.is_under_way = false});
  EXPECT_TRUE(core_.upgrade().is_executing());
}

TEST_F(SupervisorCoreUpgrade, AnswersThoseWhoWaitForOldWorkersBeforeTheExec) {
  StartServing();
  Give(ReloadEvent{.request = 5, .until_drained = true});
  Give(LoadedEvent{load_, settings_});
  FinishReload();
  EXPECT_FALSE(core_.CheckQuiet().ok());
  Ask(0);
  EXPECT_EQ(StatusOf(5), absl::UnknownError("not answered"));
  Tried();
  ASSERT_EQ(StatusOf(5), absl::OkStatus());
  EXPECT_THAT(replies_.front().outcome.warnings,
              ElementsAre(HasSubstr("has not ended before the master's program is replaced"),
                          HasSubstr("has not ended before the master's program is replaced")));
}

}  // namespace
}  // namespace muster::master
