// Rollbacks, by hand and after a failed trial.

#include <csignal>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TrialOfGenerationTest : public SupervisorCoreTest {
 protected:
  void SetUp() override {
    settings_.trial = seconds(30);
    settings_.trial_max_crashes = 1;
    StartServing(2);
    BeginReload(1);
    FinishReload();
    for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
    Forget();
  }
  void CrashTwice() {
    Give(ExitedEvent{2, KilledBy(SIGSEGV)});
    Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  }
  // The workers of generation 3 are in slots 0 and 1.
  void FinishRollback() {
    Give(LoadedEvent{load_, settings_});
    for (std::uint32_t slot : {0u, 1u}) Give(ReadyEvent{slot});
    for (std::uint32_t slot : {0u, 1u}) Acknowledge(slot);
  }
};

TEST_F(TrialOfGenerationTest, BeginsWithAReload) {
  EXPECT_EQ(core_.trial().generation(), 2u);
  EXPECT_EQ(core_.trial().previous(), 1u);
}

TEST_F(TrialOfGenerationTest, GoesBackWhenItFails) {
  CrashTwice();
  EXPECT_EQ(loads_again_, 1);
  EXPECT_THAT(log_, Contains(HasSubstr("generation 2 has failed its trial")));
  FinishRollback();
  EXPECT_EQ(core_.generation(), 3u);
  EXPECT_EQ(core_.trials_failed(), 1u);
  EXPECT_FALSE(core_.trial().is_on()) << "what is proven needs no trial";
  const GenerationRecord* const record = core_.generations().Find(3);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->copy_of, 1u);
  EXPECT_EQ(record->origin, Origin::kTrial);
  EXPECT_EQ(core_.generations().Find(2)->end, GenerationRecord::End::kRolledBack);
  EXPECT_THAT(core_.generations().Find(2)->reason, HasSubstr("2 crashes"));
}

TEST_F(TrialOfGenerationTest, GoesBackInsteadOfEndingWhenTheLastWorkerIsGivenUp) {
  Give(ExitedEvent{2, Code(2)});
  EXPECT_EQ(loads_again_, 0);
  Give(ExitedEvent{3, Code(2)});
  EXPECT_EQ(loads_again_, 1);
  EXPECT_THAT(exits_, ElementsAre());
  FinishRollback();
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(TrialOfGenerationTest, EndsTheMasterIfTheWayBackFailsAndNobodyIsLeft) {
  Give(ExitedEvent{2, Code(2)});
  Give(ExitedEvent{3, Code(2)});
  Give(LoadRefusedEvent{load_, absl::AbortedError("no memory")});
  EXPECT_THAT(log_, Contains(HasSubstr("rollback refused")));
  EXPECT_THAT(exits_, ElementsAre(1));
}

TEST_F(TrialOfGenerationTest, PassesAfterItsTime) {
  Pass(seconds(30));
  EXPECT_FALSE(core_.trial().is_on());
  CrashTwice();
  EXPECT_EQ(loads_again_, 0);
}

TEST_F(TrialOfGenerationTest, GivesWayToAReloadThatSucceeds) {
  Give(ReloadEvent{9});
  CrashTwice();
  EXPECT_EQ(loads_again_, 0) << "one attempt at a time";
  Give(LoadedEvent{load_, settings_});
  for (std::uint32_t slot : {0u, 1u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {0u, 1u}) Acknowledge(slot);
  EXPECT_EQ(core_.generation(), 3u);
  EXPECT_EQ(loads_again_, 0) << "what failed does not serve any more";
}

TEST_F(TrialOfGenerationTest, GoesBackAfterAReloadThatIsRefused) {
  Give(ReloadEvent{9});
  CrashTwice();
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("mistake")});
  EXPECT_EQ(loads_again_, 1);
}

TEST_F(TrialOfGenerationTest, GoesOnAfterAPause) {
  Give(PauseEvent{});
  for (std::uint32_t slot : {2u, 3u}) Give(ExitedEvent{slot, Code(0)});
  Give(ResumeEvent{.request = 5});
  Give(LoadedEvent{load_, settings_});
  for (std::uint32_t slot : {0u, 1u}) Give(ReadyEvent{slot});
  EXPECT_EQ(core_.trial().generation(), 3u);
  EXPECT_EQ(core_.trial().previous(), 1u);
  Forget();
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, KilledBy(SIGSEGV)});
  EXPECT_THAT(log_, Contains(HasSubstr("generation 3 has failed its trial")));
}

TEST_F(TrialOfGenerationTest, CountsNoKillThatWasAskedFor) {
  for (int i = 0; i < 3; ++i) {
    Give(WorkerOrderEvent{5, WorkerOrderEvent::What::kKill, 1});
    const std::uint32_t slot = i == 0 ? 3 : 0;
    Give(ExitedEvent{slot, KilledBy(SIGKILL)});
    Give(ReadyEvent{0});
    Acknowledge(0);
  }
  EXPECT_EQ(loads_again_, 0);
}

TEST_F(SupervisorCoreTest, RollsBackByHandWithANewNumber) {
  StartServing(2);
  BeginReload(1);
  FinishReload();
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
  Forget();
  Give(RollbackEvent{.request = 5, .by = "uid 7"});
  EXPECT_EQ(loads_again_, 1);
  Give(LoadedEvent{load_, settings_, {"zone sessions, empty"}});
  for (std::uint32_t slot : {0u, 1u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {0u, 1u, 2u, 3u}) Acknowledge(slot);
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_TRUE(replies_[0].outcome.status.ok()) << replies_[0].outcome.status;
  EXPECT_EQ(replies_[0].outcome.generation, 3u);
  EXPECT_THAT(replies_[0].outcome.made_anew, ElementsAre("zone sessions, empty"));
  EXPECT_EQ(core_.generations().Find(3)->copy_of, 1u);
  EXPECT_EQ(core_.generations().Find(3)->asked_by, "uid 7");
}

TEST_F(SupervisorCoreTest, RefusesARollbackToWhatNeverServed) {
  StartServing(2);
  Give(RollbackEvent{.request = 5, .generation = 17});
  Give(RollbackEvent{.request = 6});
  Give(RollbackEvent{.request = 7, .generation = 1});
  EXPECT_THAT(RefusalOf(5), HasSubstr("generation 17 is not in the history"));
  EXPECT_THAT(RefusalOf(6), HasSubstr("no generation has served before"));
  EXPECT_THAT(RefusalOf(7), HasSubstr("generation 1 serves already"));
  EXPECT_EQ(loads_again_, 0);
}

}  // namespace
}  // namespace muster::master
