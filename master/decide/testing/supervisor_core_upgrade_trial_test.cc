// Upgrades from the exec on: the workers of the new program, their trial, and the way back.

#include <chrono>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_upgrade_fixture.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

using SupervisorCoreUpgradeTrial = SupervisorCoreUpgradeTest;

TEST_F(SupervisorCoreUpgradeTrial, StartsTheNewWorkersWithTheConfigurationInForce) {
  StartServing();
  Upgrade();
  EXPECT_EQ(Where(), State::kBringing);
  EXPECT_EQ(load_again_.generation, 1u);
  EXPECT_EQ(load_again_.worker_file, "/worker");
  now_ += milliseconds(300);
  BringWorkers();
  EXPECT_EQ(core_.generation(), 2u);
  EXPECT_EQ(Where(), State::kOnTrial);
  EXPECT_EQ(core_.upgrade().record().took, milliseconds(300));
  EXPECT_EQ(core_.upgrade().record().from, "1");
  EXPECT_EQ(core_.upgrade().record().to, "2");
  const GenerationRecord& record = *core_.generations().Find(2);
  EXPECT_EQ(record.origin, Origin::kUpgrade);
  EXPECT_EQ(record.copy_of, 0u);  // it has another program
  EXPECT_EQ(record.asked_by, "uid 0");
  EXPECT_EQ(core_.reloads(), 0u);
}

TEST_F(SupervisorCoreUpgradeTrial, KeepsTheNumberOfWorkersThatWasSetSince) {
  StartServing();
  Give(ScaleEvent{-1});
  Upgrade();
  EXPECT_EQ(load_again_.workers, 1u);
  settings_.workers = 1;
  Give(LoadedEvent{load_, settings_});
  Give(ReadyEvent{2});
  for (std::uint32_t slot : {0u, 1u, 2u}) Acknowledge(slot);
  ASSERT_EQ(Where(), State::kOnTrial);
  Ask(9, What::kUndo);
  EXPECT_EQ(load_again_.generation, 1u);
  EXPECT_EQ(load_again_.workers, 1u);
}

TEST_F(SupervisorCoreUpgradeTrial, IsOnTrialForAMinuteIfTheConfigurationHasNone) {
  StartServing();
  Upgrade();
  BringWorkers();
  EXPECT_EQ(core_.trial().generation(), 2u);
  EXPECT_EQ(core_.trial().previous(), 1u);
  Pass(seconds(59));
  EXPECT_EQ(Where(), State::kOnTrial);
  EXPECT_EQ(old_programs_dropped_, 0);
  Pass(seconds(1));
  EXPECT_EQ(Where(), State::kCommitted);
  EXPECT_EQ(old_programs_dropped_, 1);
}

TEST_F(SupervisorCoreUpgradeTrial, IsOnTrialAsTheConfigurationSays) {
  settings_.trial = seconds(5);
  settings_.trial_max_crashes = 0;
  StartServing();
  Upgrade();
  BringWorkers();
  EXPECT_EQ(core_.trial().deadline(), now_ + seconds(5));
  Give(ExitedEvent{2, KilledBy(11)});
  EXPECT_EQ(Where(), State::kUndoing);
}

TEST_F(SupervisorCoreUpgradeTrial, TookUntilATrialThatIsShorterThanTheDrain) {
  settings_.trial = seconds(1);
  StartServing();
  Upgrade();
  Give(LoadedEvent{load_, settings_});
  for (std::uint32_t slot : {2u, 3u}) Give(ReadyEvent{slot});
  Pass(seconds(1));
  EXPECT_EQ(Where(), State::kCommitted);
  EXPECT_EQ(core_.upgrade().record().took, seconds(1));
  Pass(seconds(5));
  EXPECT_EQ(Where(), State::kCommitted);
  EXPECT_EQ(old_programs_dropped_, 1);
}

TEST_F(SupervisorCoreUpgradeTrial, CommitDropsTheOldProgram) {
  StartServing();
  Ask(1, What::kCommit);
  EXPECT_EQ(RefusalOf(1), "commit refused: no upgrade is on trial");
  Upgrade();
  Ask(2, What::kCommit);
  EXPECT_EQ(RefusalOf(2), "commit refused: an upgrade is under way");
  BringWorkers();
  Ask(3, What::kCommit);
  EXPECT_EQ(StatusOf(3), absl::OkStatus());
  EXPECT_EQ(old_programs_dropped_, 1);
  EXPECT_FALSE(core_.trial().is_on());
  Ask(4, What::kUndo);
  EXPECT_EQ(RefusalOf(4), "undo refused: no upgrade is on trial");
}

TEST_F(SupervisorCoreUpgradeTrial, GoesBackAtOnceIfTheNewWorkersDoNotServe) {
  StartServing();
  Upgrade();
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("the worker program is no worker")});
  EXPECT_EQ(Where(), State::kReturning);
  EXPECT_TRUE(execs_.back().is_way_back);
  Exec();
  Give(UpgradedEvent{});
  EXPECT_EQ(Where(), State::kUndone);
  EXPECT_EQ(core_.upgrade().record().reason, "the worker program is no worker");
  EXPECT_EQ(core_.generation(), 1u);
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
}

TEST_F(SupervisorCoreUpgradeTrial, IsUndoneIfTheNewProgramDoesNotGetSoFar) {
  StartServing();
  Ask(0);
  Tried();
  Exec();
  Forget();
  Give(UpgradeUndoneEvent{"it was killed by SIGSEGV"});
  EXPECT_EQ(Where(), State::kUndone);
  EXPECT_EQ(core_.upgrade().record().reason, "it was killed by SIGSEGV");
  EXPECT_EQ(programs_abandoned_, 1);
  EXPECT_EQ(loads_again_, 0);
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
}

TEST_F(SupervisorCoreUpgradeTrial, UndoStartsTheGenerationBeforeAndThenExecutesTheOldProgram) {
  StartServing();
  Upgrade();
  BringWorkers();
  Forget();
  Ask(9, What::kUndo);
  EXPECT_EQ(Where(), State::kUndoing);
  EXPECT_EQ(load_again_.generation, 1u);
  EXPECT_EQ(load_again_.worker_file, std::nullopt);
  EXPECT_TRUE(execs_.empty());
  BringBack();
  EXPECT_EQ(core_.generation(), 3u);
  EXPECT_EQ(core_.generations().Find(3)->copy_of, 1u);
  EXPECT_EQ(core_.generations().Find(3)->origin, Origin::kUndo);
  EXPECT_EQ(core_.generations().Find(3)->asked_by, "uid 0");
  EXPECT_THAT(execs_, ElementsAre(ExecAction{true}));
  EXPECT_EQ(config::ErrorReasonOf(StatusOf(9)), "UPGRADING");
  Exec();
  Give(UpgradedEvent{});
  EXPECT_EQ(Where(), State::kUndone);
  EXPECT_EQ(core_.upgrade().record().reason, "by uid 0");
  EXPECT_EQ(core_.generations().Find(2)->end, GenerationRecord::End::kRolledBack);
}

TEST_F(SupervisorCoreUpgradeTrial, TooManyCrashesLeadBackToTheOldProgram) {
  StartServing();
  Upgrade();
  BringWorkers();
  Forget();
  for (int i = 0; i < 4; ++i) {
    Pass(seconds(2));
    Give(ExitedEvent{2, KilledBy(11)});
    Pass(seconds(5));
    Give(ReadyEvent{2});
  }
  EXPECT_EQ(Where(), State::kUndoing);
  EXPECT_EQ(core_.trials_failed(), 1u);
  BringBack();
  ASSERT_EQ(execs_.size(), 1u);
  EXPECT_TRUE(execs_[0].is_way_back);
  Exec();
  Give(UpgradedEvent{});
  EXPECT_EQ(Where(), State::kUndone);
  EXPECT_THAT(core_.upgrade().record().reason, HasSubstr("4 crashes within"));
}

TEST_F(SupervisorCoreUpgradeTrial, StaysOnTrialIfAnUndoFails) {
  StartServing();
  Upgrade();
  BringWorkers();
  Ask(9, What::kUndo);
  Give(LoadRefusedEvent{load_, absl::InternalError("no memory")});
  EXPECT_EQ(Where(), State::kOnTrial);
  EXPECT_EQ(RefusalOf(9), "undo refused: no memory");
  EXPECT_EQ(core_.upgrade().record().reason, "by uid 0; the undo failed: no memory");
  EXPECT_EQ(core_.generation(), 2u);
  Pass(std::chrono::hours(1));
  EXPECT_EQ(old_programs_dropped_, 0) << "without having been asked for";
  // The next try.
  Ask(10, What::kUndo);
  BringBack();
  EXPECT_TRUE(core_.upgrade().is_executing());
  Exec();
  Give(UpgradeUndoneEvent{"it hung"});
  EXPECT_EQ(Where(), State::kOnTrial);
  EXPECT_EQ(core_.generation(), 3u);
  // The workers are back already; only the program is missing.
  Forget();
  Ask(11, What::kUndo);
  EXPECT_EQ(loads_again_, 0);
  EXPECT_EQ(execs_.size(), 1u);
}

TEST_F(SupervisorCoreUpgradeTrial, AReloadDuringTheTrialGoesOnWithIt) {
  StartServing();
  Upgrade();
  BringWorkers();
  Give(RollbackEvent{1});
  EXPECT_THAT(RefusalOf(1), HasSubstr("an upgrade is on trial"));
  Ask(2);
  EXPECT_THAT(RefusalOf(2), HasSubstr("the upgrade to 2 is on trial"));
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
  const auto deadline = core_.trial().deadline();
  Give(ReloadEvent{3});
  Give(LoadedEvent{load_, settings_});
  for (std::uint32_t slot : {0u, 1u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {0u, 1u, 2u, 3u}) Acknowledge(slot);
  EXPECT_EQ(core_.generation(), 3u);
  EXPECT_EQ(core_.trial().generation(), 3u);
  EXPECT_EQ(core_.trial().previous(), 1u);
  EXPECT_EQ(core_.trial().deadline(), deadline);
}

TEST_F(SupervisorCoreUpgradeTrial, AReloadThatIsUnderWayWhenTheTrialFailsIsFollowedByTheUndo) {
  settings_.trial = seconds(50);
  settings_.trial_max_crashes = 0;
  StartServing();
  Upgrade();
  BringWorkers();
  Give(ReloadEvent{3});
  Give(ReloadEvent{.request = 4, .has_config = true});
  Forget();
  Give(ExitedEvent{2, KilledBy(11)});
  EXPECT_EQ(RefusalOf(4), "reload refused: an upgrade is being undone");
  EXPECT_EQ(loads_again_, 0);
  Give(LoadRefusedEvent{load_, absl::InternalError("no")});
  EXPECT_EQ(load_again_.generation, 1u);
  EXPECT_EQ(Where(), State::kUndoing);
}

}  // namespace
}  // namespace muster::master
