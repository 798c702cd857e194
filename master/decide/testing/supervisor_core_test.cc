// How the first workers start, and what follows when one ends unasked.

#include "muster/master/decide/supervisor_core.h"

#include <chrono>
#include <csignal>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using worker::Command;

TEST_F(SupervisorCoreTest, StartsAsManyWorkersAsItIsTold) {
  Give(StartEvent{settings_});
  EXPECT_THAT(spawned_, ElementsAre(0, 1));
  EXPECT_EQ(core_.state(), MasterState::kStarting);
}

TEST_F(SupervisorCoreTest, CommitsTheFirstGenerationWhenAllAreReady) {
  Give(StartEvent{settings_});
  Give(ReadyEvent{1});
  EXPECT_THAT(committed_, IsEmpty());
  Give(ReadyEvent{0});
  EXPECT_THAT(committed_, ElementsAre(1));
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_THAT(log_.back(), "generation 1 is ready: 2 workers");
}

TEST_F(SupervisorCoreTest, ExitsWithOneAndTheReasonWhenTheFirstGenerationFails) {
  Give(StartEvent{settings_});
  Give(FailedEvent{0, absl::AbortedError("open /srv: No such file or directory")});
  Give(ExitedEvent{0, Code(1)});
  EXPECT_THAT(log_, testing::Contains("cannot start: worker 0 of generation 1 (pid 100) failed: "
                                      "open /srv: No such file or directory"));
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kTerminate}));
  EXPECT_THAT(exits_, IsEmpty());
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(1));
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheFirstWorkersCannotBeSpawned) {
  fail_spawns_ = true;
  Give(StartEvent{settings_});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(released_, ElementsAre(0, 1));
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheFirstGenerationIsNotReadyInTime) {
  Give(StartEvent{settings_});
  Give(ReadyEvent{0});
  Pass(seconds(10));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{1, SIGKILL}));
  Give(ExitedEvent{1, KilledBy(SIGKILL)});
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(log_,
              testing::Contains(
                  "cannot start: worker 1 of generation 1 (pid 101) was not ready within 10s"));
}

TEST_F(SupervisorCoreTest, StartsACrashedWorkerAgainInItsSlotAfterTheBackoff) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  EXPECT_THAT(
      log_,
      ElementsAre("worker 0 of generation 1 (pid 100) was killed by SIGSEGV; starting it again in "
                  "100ms"));
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
  Pass(milliseconds(99));
  EXPECT_THAT(spawned_, IsEmpty());
  Pass(milliseconds(1));
  EXPECT_THAT(spawned_, ElementsAre(0));
  EXPECT_THAT(released_, IsEmpty());
  EXPECT_EQ(core_.workers().at(0).restarts, 1u);
  EXPECT_EQ(core_.workers().at(0).last_exit, "was killed by SIGSEGV");
  EXPECT_EQ(core_.crashes(), 1u);
}

TEST_F(SupervisorCoreTest, TellsWhatACrashedWorkerWasAtAndWhatItSaid) {
  StartServing();
  Give(ExitedEvent{.slot = 0,
                   .exit = KilledBy(SIGABRT),
                   .at_hand = "it served GET /x for 192.0.2.1:5",
                   .last_words = "x.cc:1: check failed"});
  EXPECT_THAT(log_, ElementsAre("worker 0 of generation 1 (pid 100) was killed by SIGABRT while it "
                                "served GET /x for 192.0.2.1:5, with the last words \"x.cc:1: "
                                "check failed\"; starting it again in 100ms"));
  EXPECT_EQ(core_.workers().at(0).last_exit, "was killed by SIGABRT");
}

TEST_F(SupervisorCoreTest, StartsAWorkerAgainThatExitedUnasked) {
  StartServing();
  Give(ExitedEvent{0, Code(0)});
  Pass(milliseconds(100));
  EXPECT_THAT(spawned_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, WaitsLongerFromCrashToCrash) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Pass(milliseconds(100));
  Give(ReadyEvent{0});
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  EXPECT_THAT(log_.back(), HasSubstr("starting it again in 150ms"));
}

TEST_F(SupervisorCoreTest, StartsAWorkerThatServedAgainAtOnce) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV), /*connections=*/1});
  EXPECT_THAT(log_.back(), HasSubstr("starting it again at once"));
  EXPECT_EQ(core_.next_deadline(), now_);
  Pass(Duration::zero());
  EXPECT_THAT(spawned_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, EndsAPauseWhenNobodyServesAnyMore) {
  settings_.restart.burst = 0;
  StartServing();
  for (int i = 0; i < 12; ++i) {  // 100 ms * 1.5 ^ 12 is more than 12 s
    Give(ExitedEvent{0, KilledBy(SIGSEGV), /*connections=*/1});
    while (StateOf(0) == WorkerState::kBackoff) Pass(milliseconds(100));
    Give(ReadyEvent{0});
  }
  Give(ExitedEvent{0, KilledBy(SIGSEGV), /*connections=*/1});
  Pass(seconds(1));
  Forget();
  // Worker 1 will never work, so it is worker 0 that has to serve again.
  Give(ExitedEvent{1, Code(2)});
  Pass(milliseconds(99));
  EXPECT_THAT(spawned_, IsEmpty());
  Pass(milliseconds(1));
  EXPECT_THAT(spawned_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, NeverGivesUpTheLastOneThatServed) {
  StartServing();
  Give(ExitedEvent{1, Code(2)});
  Give(ExitedEvent{0, KilledBy(SIGSEGV), /*connections=*/1});
  for (int i = 0; i < 100; ++i) {
    Pass(milliseconds(100));
    ASSERT_EQ(StateOf(0), WorkerState::kStarting) << i;
    Give(ExitedEvent{0, Code(1)});
  }
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, GivesASlotUpThatEndsEarlyTooOftenInARow) {
  StartServing();
  for (int i = 0; i < 3; ++i) {
    Give(ExitedEvent{0, KilledBy(SIGSEGV)});
    Pass(seconds(1));
  }
  EXPECT_EQ(StateOf(0), WorkerState::kGaveUp);
  EXPECT_THAT(log_.back(), HasSubstr("crash loop"));
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, DoesNotCallItACrashLoopWhenWorkersLiveForAWhile) {
  StartServing();
  for (int i = 0; i < 10; ++i) {
    Pass(seconds(2));
    Give(ExitedEvent{0, KilledBy(SIGSEGV)});
    Pass(seconds(5));
    Give(ReadyEvent{0});
  }
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, DoesNotStartAWorkerAgainThatSaysItWillNeverWork) {
  StartServing();
  Pass(seconds(5));
  Give(ExitedEvent{1, Code(2)});
  EXPECT_EQ(StateOf(1), WorkerState::kGaveUp);
  Pass(seconds(60));
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheLastWorkerHasGivenUp) {
  StartServing();
  Give(ExitedEvent{0, Code(2)});
  Give(ExitedEvent{1, Code(2)});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(log_, testing::Contains("the last worker has given up; nobody serves"));
}

TEST_F(SupervisorCoreTest, ServesOnWhenAWorkerThatGaveUpIsTheOneFewer) {
  StartServing();
  Give(ExitedEvent{0, Code(2)});
  Give(ScaleEvent{-1});
  EXPECT_EQ(StateOf(0), WorkerState::kGone);
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, LetsAReloadReplaceWorkersThatGaveUp) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{0, Code(2)});
  Give(ExitedEvent{1, Code(2)});
  EXPECT_THAT(exits_, IsEmpty());
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  EXPECT_THAT(released_, ElementsAre(0, 1));
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, RetriesAFailedSpawnForAsLongAsItTakes) {
  StartServing();
  fail_spawns_ = true;
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  Pass(seconds(600));
  EXPECT_GT(spawned_.size(), 20u);
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
  fail_spawns_ = false;
  Pass(seconds(30));
  EXPECT_EQ(StateOf(0), WorkerState::kStarting);
}

TEST_F(SupervisorCoreTest, KillsARespawnThatIsNotReadyInTimeAndTriesAgain) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Pass(milliseconds(100));
  Pass(seconds(10));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
}

TEST_F(SupervisorCoreTest, IgnoresTheEndOfAProcessItDoesNotKnow) {
  StartServing();
  Give(ExitedEvent{77, Code(0)});
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace muster::master
