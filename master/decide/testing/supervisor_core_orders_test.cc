// Reopen, pause, one worker more or fewer.

#include <chrono>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using worker::Command;

TEST_F(SupervisorCoreTest, AnswersAReopenWhenEveryWorkerHasDoneIt) {
  StartServing();
  Give(ReopenEvent{4, absl::OkStatus()});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}, Sent{1, Command::kReopen}));
  Give(AckedEvent{0, token_, ""});
  EXPECT_THAT(replies_, IsEmpty());
  Give(AckedEvent{1, token_, ""});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.reopened, 2u);
}

TEST_F(SupervisorCoreTest, DoesNotTakeAnAnswerToOneReopenForAnother) {
  StartServing(1);
  Give(ReopenEvent{4, absl::OkStatus()});
  const std::uint32_t first = token_;
  Give(ReopenEvent{5, absl::OkStatus()});
  Give(AckedEvent{0, first, ""});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 4u);
}

TEST_F(SupervisorCoreTest, AsksDrainingWorkersToReopenToo) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Forget();
  Give(ReopenEvent{4, absl::OkStatus()});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}, Sent{1, Command::kReopen}));
}

TEST_F(SupervisorCoreTest, SendsAReopenWhenTheOneBeforeIsAnswered) {
  StartServing(1);
  Give(ReopenEvent{4, absl::OkStatus()});
  const std::uint32_t first = token_;
  Forget();
  Give(ReopenEvent{5, absl::OkStatus()});
  EXPECT_THAT(sent_, IsEmpty());
  Give(ReopenEvent{6, absl::OkStatus()});
  EXPECT_THAT(sent_, IsEmpty());
  ASSERT_EQ(replies_.size(), 1u) << "the second one is not to be sent any more";
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("worker 0 of generation 1 (pid 100): has not answered an earlier "
                               "request to reopen, and a later request takes the place of this "
                               "one"));
  Pass(seconds(5));
  ASSERT_EQ(replies_.size(), 3u);
  EXPECT_EQ(replies_[2].outcome.status,
            absl::DeadlineExceededError("worker 0 of generation 1 (pid 100) had not answered an "
                                        "earlier request to reopen within 5s"));
  EXPECT_EQ(core_.CheckQuiet(), absl::OkStatus());
  // It gets the newest files, whenever that is.
  Give(AckedEvent{0, first, ""});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}));
  Give(AckedEvent{0, token_, ""});
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(SupervisorCoreTest, AsksAWorkerToReopenWhenItIsReady) {
  StartServing(1);
  BeginReload(5);
  Forget();
  Give(ReopenEvent{4, absl::OkStatus()});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}));
  Give(AckedEvent{0, token_, ""});
  EXPECT_THAT(replies_, IsEmpty());
  Forget();
  Give(ReadyEvent{1});
  EXPECT_THAT(sent_, Contains(Sent{1, Command::kReopen}));
}

TEST_F(SupervisorCoreTest, AsksNoNextProcessToReopenForTheOneBefore) {
  StartServing();
  Give(ReopenEvent{4, absl::OkStatus()});
  Give(ReopenEvent{5, absl::OkStatus()});
  Give(ExitedEvent{0, KilledBy(9)});
  Pass(seconds(1));
  Forget();
  Give(ReadyEvent{0});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kServe}));
}

TEST_F(SupervisorCoreTest, GivesAReopenUpAfterFiveSeconds) {
  StartServing();
  Give(ReopenEvent{4, absl::OkStatus()});
  Give(AckedEvent{1, token_, ""});
  Pass(seconds(5));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(
      replies_[0].outcome.status,
      absl::DeadlineExceededError("no answer within 5s from worker 0 of generation 1 (pid 100)"));
}

TEST_F(SupervisorCoreTest, PausesByDrainingAllAndKeepingTheListeners) {
  StartServing();
  Give(PauseEvent{});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
  Give(ExitedEvent{0, Code(0)});
  Give(ExitedEvent{1, Code(0)});
  Pass(seconds(100));
  EXPECT_EQ(core_.state(), MasterState::kPaused);
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(exits_, IsEmpty());
  EXPECT_EQ(listener_closes_, 0);
}

TEST_F(SupervisorCoreTest, ServesAgainAfterAPauseWhenItIsReloaded) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(ReloadEvent{5});
  Give(LoadedEvent{load_, settings_});
  Give(ReadyEvent{0});
  Acknowledge(0);
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, QuitsAtOnceWhenItIsPausedAndEmpty) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(QuitEvent{9});
  EXPECT_THAT(exits_, ElementsAre(0));
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(SupervisorCoreTest, CutsAReloadOffWhenItIsPaused) {
  StartServing(1);
  BeginReload(5);
  Give(PauseEvent{});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: the master was paused"));
}

TEST_F(SupervisorCoreTest, StaysPausedWhenAReloadIsRefused) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("m:1:1: no")});
  EXPECT_EQ(RefusalOf(5), "reload refused, the master stays paused: m:1:1: no");
  EXPECT_EQ(core_.state(), MasterState::kPaused);
}

TEST_F(SupervisorCoreTest, AnswersAPauseWhenNoWorkerIsLeft) {
  StartServing();
  Give(PauseEvent{5});
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(replies_, IsEmpty());
  Give(PauseEvent{6});
  Give(ExitedEvent{1, Code(0)});
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].outcome.exited, 2u);
  Give(PauseEvent{7});
  EXPECT_EQ(replies_.size(), 3u);
}

TEST_F(SupervisorCoreTest, TellsWhoWaitsForAPauseThatSomebodyServesAgain) {
  StartServing(1);
  Give(PauseEvent{5});
  Give(ReloadEvent{6});
  Give(LoadedEvent{load_, settings_});
  Give(ReadyEvent{1});
  EXPECT_EQ(RefusalOf(5), "generation 2 serves before the pause was complete");
}

TEST_F(SupervisorCoreTest, TellsWhoWaitsForAPauseThatTheMasterStops) {
  StartServing(1);
  Give(PauseEvent{5});
  Give(StopEvent{});
  EXPECT_EQ(RefusalOf(5), "the master is stopping");
}

TEST_F(SupervisorCoreTest, ResumesWithWhatIsLoaded) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Forget();
  Give(ResumeEvent{5});
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(loads_again_, 1);
  Give(LoadedEvent{load_, settings_});
  EXPECT_THAT(replies_, IsEmpty());
  Give(ReadyEvent{0});
  Acknowledge(0);
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_TRUE(replies_[0].outcome.status.ok());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_EQ(core_.reloads(), 0u);
}

TEST_F(SupervisorCoreTest, StaysPausedWhenAWorkerDoesNotStartAgain) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(ResumeEvent{5});
  Give(LoadedEvent{load_, settings_});
  Give(ExitedEvent{0, Code(1)});
  EXPECT_EQ(
      RefusalOf(5),
      "resume refused, the master stays paused: worker 0 of generation 2 (pid 100) exited with "
      "code 1 before it was ready");
  EXPECT_EQ(core_.state(), MasterState::kPaused);
  EXPECT_EQ(core_.reloads_refused(), 0u);
  EXPECT_EQ(core_.last_reload_error(), "");
}

TEST_F(SupervisorCoreTest, RefusesToResumeWhatIsNotPaused) {
  StartServing(1);
  Give(ResumeEvent{5});
  EXPECT_EQ(RefusalOf(5), "resume refused: the master is not paused");
  Give(PauseEvent{});
  Give(ReloadEvent{6});
  Give(ResumeEvent{7});
  EXPECT_EQ(RefusalOf(7), "resume refused: a reload or another resume is under way");
  Give(StopEvent{});
  Give(ResumeEvent{8});
  EXPECT_EQ(RefusalOf(8), "resume refused: the master is stopping");
}

TEST_F(SupervisorCoreTest, CutsAResumptionOffWhenItIsPausedAgain) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(ResumeEvent{5});
  Give(LoadedEvent{load_, settings_});
  Give(PauseEvent{6});
  EXPECT_EQ(RefusalOf(5), "resume refused: the master was paused");
  Give(ExitedEvent{0, Code(0)});
  EXPECT_EQ(replies_.size(), 2u);
  EXPECT_EQ(core_.state(), MasterState::kPaused);
}

TEST_F(SupervisorCoreTest, AddsAWorkerToTheGenerationThatServes) {
  StartServing(2);
  Give(ScaleEvent{+1});
  EXPECT_THAT(spawned_, ElementsAre(2));
  EXPECT_EQ(core_.workers().at(2).generation, 1u);
  EXPECT_EQ(core_.workers().at(2).index, 2u);
  EXPECT_EQ(core_.wanted_workers(), 3u);
}

TEST_F(SupervisorCoreTest, DrainsTheLastWorkerWhenThereShallBeOneFewer) {
  StartServing(2);
  Give(ScaleEvent{-1});
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kDrain}));
  Give(ExitedEvent{1, Code(0)});
  Pass(seconds(60));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

TEST_F(SupervisorCoreTest, KeepsTheLastWorker) {
  StartServing(1);
  Give(ScaleEvent{-1});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(log_, ElementsAre("the last worker stays"));
}

TEST_F(SupervisorCoreTest, DoesNotScaleWhatHasASocketForEachWorker) {
  settings_.can_scale = false;
  StartServing(2);
  Give(ScaleEvent{+1});
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, GoesBackToTheConfiguredNumberWithAReload) {
  StartServing(1);
  Give(ScaleEvent{+1});
  Give(ReadyEvent{1});
  BeginReload(5);
  Give(ReadyEvent{2});
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

}  // namespace
}  // namespace muster::master
