// What becomes of a reload for which somebody waits no longer.

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using worker::Command;

const char kWhy[] = "its deadline came";

TEST_F(SupervisorCoreTest, UndoesAReloadThatNobodyWaitsForAnyMore) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kTerminate}, Sent{3, Command::kTerminate}));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("reload refused, generation 1 goes on serving: its deadline came "
                               "before worker 1 of generation 2 (pid 103) was ready"));
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_EQ(core_.generation(), 1u);
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
  EXPECT_EQ(core_.last_reload_error(),
            "its deadline came before worker 1 of generation 2 (pid 103) was ready");
}

TEST_F(SupervisorCoreTest, CountsTheWorkersThatAWithdrawnReloadWaitedFor) {
  StartServing();
  BeginReload(5);
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: its deadline came before worker 0 of "
            "generation 2 (pid 102) and 1 more were ready");
}

TEST_F(SupervisorCoreTest, NamesTheRollbackOfWhoLeavesIt) {
  StartServing();
  BeginReload(1);
  FinishReload();
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
  BeginReload(5);
  Give(RollbackEvent{.request = 6, .generation = 1});
  Give(WithdrawEvent{6, kWhy});
  EXPECT_EQ(RefusalOf(6),
            "rollback refused, generation 2 goes on serving: its deadline came before it began");
}

TEST_F(SupervisorCoreTest, AbandonsALoadThatNobodyWaitsForAnyMore) {
  StartServing();
  Give(ReloadEvent{5});
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: its deadline came while its "
            "configuration was being loaded");
  ASSERT_EQ(abandoned_.size(), 1u);
  EXPECT_EQ(abandoned_[0].load, load_);
  EXPECT_FALSE(abandoned_[0].is_overdue);
  Give(LoadedEvent{load_, settings_});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, GoesOnWithAReloadThatAnotherWaitsFor) {
  StartServing();
  Give(ReloadEvent{4});
  Give(ReloadEvent{5});
  Give(ReloadEvent{6});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("no")});
  Give(LoadedEvent{load_, settings_});
  Forget();
  Give(WithdrawEvent{5, kWhy});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::CancelledError("the reload goes on, since others wait for it, too: its deadline "
                                 "came"));
  EXPECT_EQ(roll_backs_, 0);
  FinishReload();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[1].request, 6u);
  EXPECT_EQ(replies_[1].outcome.generation, 2u);
}

TEST_F(SupervisorCoreTest, GoesOnWithAReloadThatASignalAskedForAsWell) {
  StartServing();
  Give(ReloadEvent{4});
  Give(ReloadEvent{0});
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("no")});
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(RefusalOf(5), "the reload goes on, since others wait for it, too: its deadline came");
  EXPECT_EQ(core_.state(), MasterState::kReloading);
}

TEST_F(SupervisorCoreTest, BeginsNoNextReloadIfNobodyWaitsForItAnyMore) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(WithdrawEvent{6, kWhy});
  EXPECT_EQ(RefusalOf(6),
            "reload refused, generation 1 goes on serving: its deadline came before it began");
  FinishReload();
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, GoesOnWithTheNextReloadAfterOneThatWasWithdrawn) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(core_.state(), MasterState::kReloading);
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(SupervisorCoreTest, TellsThatAReloadIsDoneWhenItIsWithdrawnAfterTheCommit) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  for (std::uint32_t slot : {1u, 2u, 3u}) Acknowledge(slot);
  EXPECT_THAT(replies_, IsEmpty());
  Give(WithdrawEvent{5, kWhy});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_THAT(replies_[0].outcome.warnings,
              ElementsAre("worker 0 of generation 1 (pid 100) has not begun to drain before its "
                          "deadline came"));
  Acknowledge(0);
  EXPECT_EQ(replies_.size(), 1u);
  EXPECT_EQ(core_.reloads(), 1u);
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, StaysPausedWhenAResumeIsWithdrawn) {
  StartServing();
  Give(PauseEvent{0});
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
  Forget();
  Give(ResumeEvent{5});
  Give(LoadedEvent{load_, settings_});
  Give(WithdrawEvent{5, kWhy});
  EXPECT_EQ(RefusalOf(5),
            "resume refused, the master stays paused: its deadline came before worker 0 of "
            "generation 2 (pid 100) and 1 more were ready");
}

TEST_F(SupervisorCoreTest, HasNothingToWithdrawOfARequestThatWasAnswered) {
  StartServing();
  BeginReload(5);
  FinishReload();
  Forget();
  Give(WithdrawEvent{5, kWhy});
  Give(WithdrawEvent{77, kWhy});
  EXPECT_THAT(replies_, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_EQ(core_.generation(), 2u);
}

}  // namespace
}  // namespace muster::master
