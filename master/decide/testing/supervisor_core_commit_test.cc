// When a generation begins to serve, and when a reload is answered.

#include <chrono>
#include <csignal>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using worker::Command;

TEST_F(SupervisorCoreTest, LetsNobodyServeBeforeAllAreReady) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  EXPECT_EQ(StateOf(2), WorkerState::kReady);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhoseListenersCannotListenBeforeAWorkerIsTold) {
  StartServing();
  listen_error_ = absl::AlreadyExistsError("listen 127.0.0.1:80: Address already in use");
  BeginReload(5);
  for (std::uint32_t slot : {2u, 3u}) Give(ReadyEvent{slot});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: listen 127.0.0.1:80: Address already in "
            "use");
  EXPECT_THAT(committed_, IsEmpty());
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kTerminate}, Sent{3, Command::kTerminate}));
}

TEST_F(SupervisorCoreTest, LetsAWorkerServeThatWasStartedAgain) {
  StartServing();
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});
  Pass(seconds(1));
  Give(ReadyEvent{1});
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kServe}));
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, LetsAWorkerServeThatWasAdded) {
  StartServing();
  Give(ScaleEvent{+1});
  Give(ReadyEvent{2});
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kServe}));
}

TEST_F(SupervisorCoreTest, LogsWhatAWorkerThatWasStartedAgainDoesNotServe) {
  StartServing();
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});
  Pass(seconds(1));
  Give(ReadyEvent{1});
  Forget();
  Acknowledge(1, "nothing is accepted on 127.0.0.1:80");
  EXPECT_THAT(log_, ElementsAre("worker 1 of generation 1 (pid 101): nothing is accepted on "
                                "127.0.0.1:80"));
}

TEST_F(SupervisorCoreTest, AnswersAReloadWhenEveryWorkerHasAcknowledgedIt) {
  StartServing();
  BeginReload(5);
  for (std::uint32_t slot : {2u, 3u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {1u, 2u, 3u}) Acknowledge(slot);
  EXPECT_THAT(replies_, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kReloading);
  Acknowledge(0);
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_THAT(replies_[0].outcome.warnings, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, AnswersAReloadWithAWarningWhenAnOldWorkerIsSilent) {
  StartServing();
  BeginReload(5);
  for (std::uint32_t slot : {2u, 3u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {1u, 2u, 3u}) Acknowledge(slot);
  Pass(seconds(4));
  EXPECT_THAT(replies_, IsEmpty());
  Pass(seconds(1));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  const std::string warning = "worker 0 of generation 1 (pid 100) has not begun to drain within 5s";
  EXPECT_THAT(replies_[0].outcome.warnings, ElementsAre(warning));
  EXPECT_EQ(log_.back(), warning);
}

TEST_F(SupervisorCoreTest, AwaitsAWorkerAgainThatWasSilentBefore) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Acknowledge(1);
  Pass(seconds(5));
  BeginReload(6);
  Give(ReadyEvent{2});
  for (std::uint32_t slot : {1u, 2u}) Acknowledge(slot);
  EXPECT_EQ(replies_.size(), 1u);
  Acknowledge(0);
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_THAT(replies_[1].outcome.warnings, IsEmpty());
}

TEST_F(SupervisorCoreTest, AnswersAReloadWhenAnOldWorkerDiesInsteadOfAcknowledging) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Acknowledge(1);
  Give(ExitedEvent{0, KilledBy(SIGKILL), /*connections=*/3});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_THAT(replies_[0].outcome.warnings,
              ElementsAre("worker 0 of generation 1 (pid 100) was killed by SIGKILL before it "
                          "drained, with 3 connections"));
}

TEST_F(SupervisorCoreTest, StartsANewWorkerAgainThatDiesBeforeTheAnswer) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Acknowledge(0);
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});
  EXPECT_EQ(StateOf(1), WorkerState::kBackoff);
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
}

TEST_F(SupervisorCoreTest, AnswersACommittedReloadWhenItIsPaused) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Give(ReloadEvent{6});
  Give(PauseEvent{});
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  EXPECT_THAT(
      replies_[0].outcome.warnings,
      ElementsAre(
          "worker 0 of generation 1 (pid 100) has not begun to drain before the master was paused",
          "worker 0 of generation 2 (pid 101) has not begun to serve before the master was "
          "paused"));
  EXPECT_EQ(RefusalOf(6), "reload refused: the master was paused");
  EXPECT_EQ(loads_, 1);
}

TEST_F(SupervisorCoreTest, TellsWhatAReloadBeyondMaxGenerationsCut) {
  settings_.max_generations = 2;
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  for (std::uint32_t slot : {0u, 1u}) Acknowledge(slot);
  BeginReload(6);
  Give(ReadyEvent{2});
  for (std::uint32_t slot : {1u, 2u}) Acknowledge(slot);
  EXPECT_EQ(replies_.size(), 1u);
  Give(ExitedEvent{0, Code(0), /*connections=*/3});
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[1].outcome.connections_cut, 3u);
  const std::string warning =
      "generation 1 was ended at once, beyond max_generations, with 3 connections";
  EXPECT_THAT(replies_[1].outcome.warnings, ElementsAre(warning));
  EXPECT_EQ(log_.back(), warning);
}

// Workers that speak version 1 of the protocol.

TEST_F(SupervisorCoreTest, DoesNotTellAnOlderWorkerToServe) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1, 1});
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kDrain}));
  Acknowledge(0);
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(SupervisorCoreTest, DrainsAnOlderWorkerOfAReloadThatIsUndone) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2, 1});
  Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kDrain}));
}

TEST_F(SupervisorCoreTest, ListensFirstForAnOlderWorkerThatRefusesWhatDoesNotListen) {
  StartServing(1);
  BeginReload(5);
  Give(FailedEvent{1, absl::AbortedError("its descriptor is no listening socket"), 1});
  Give(ExitedEvent{1, Code(2)});
  EXPECT_THAT(spawned_, ElementsAre(1, 1));
  EXPECT_THAT(committed_, IsEmpty());
  Give(ReadyEvent{1, 1});
  EXPECT_THAT(committed_, ElementsAre(2));
}

TEST_F(SupervisorCoreTest, ListensFirstForAnOlderWorkerOnce) {
  StartServing(1);
  BeginReload(5);
  for (int i = 0; i < 2; ++i) {
    Give(FailedEvent{1, absl::AbortedError("no disk"), 1});
    Give(ExitedEvent{1, Code(2)});
  }
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 0 of generation 2 (pid 101) "
            "failed: no disk");
}

}  // namespace
}  // namespace muster::master
