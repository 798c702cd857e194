// What becomes of a reload.

#include <chrono>
#include <csignal>
#include <string>
#include <variant>

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

TEST_F(SupervisorCoreTest, DrainsTheOldGenerationOnlyWhenAllOfTheNewAreReady) {
  StartServing();
  BeginReload(5);
  EXPECT_THAT(spawned_, ElementsAre(2, 3));
  Give(ReadyEvent{2});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kReloading);
  Give(ReadyEvent{3});
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kServe}, Sent{3, Command::kServe},
                                 Sent{0, Command::kDrain}, Sent{1, Command::kDrain}));
  EXPECT_THAT(committed_, ElementsAre(2));
  EXPECT_EQ(core_.generation(), 2u);
}

TEST_F(SupervisorCoreTest, AnswersAReloadWithItsGenerationAndTime) {
  StartServing();
  Give(ReloadEvent{5});
  now_ += seconds(3);
  Give(LoadedEvent{load_, settings_});
  Give(ReadyEvent{2});
  EXPECT_THAT(replies_, IsEmpty());
  now_ += seconds(1);
  FinishReload();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(replies_[0].outcome.took, seconds(4));
  EXPECT_EQ(core_.reloads(), 1u);
}

TEST_F(SupervisorCoreTest, ReleasesTheSlotsOfTheOldGenerationWhenItsWorkersEnd) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(released_, ElementsAre(0));
  EXPECT_EQ(core_.crashes(), 0u);
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhoseConfigurationIsWrong) {
  StartServing();
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("m.textproto:3:1: foo: unknown field")});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::InvalidArgumentError("reload refused, generation 1 goes on serving: "
                                       "m.textproto:3:1: foo: unknown field"));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(core_.last_reload_error(), "m.textproto:3:1: foo: unknown field");
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, TellsSeveralMistakesInLinesOfTheirOwn) {
  StartServing();
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("m:3:1: one\nm:4:1: two")});
  EXPECT_EQ(RefusalOf(5), "reload refused, generation 1 goes on serving:\nm:3:1: one\nm:4:1: two");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerSaysThatItCannotStart) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(FailedEvent{3, absl::AbortedError("open /srv/a: Permission denied")});
  Give(ExitedEvent{3, Code(1)});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kTerminate}));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("reload refused, generation 1 goes on serving: worker 1 of "
                               "generation 2 (pid 103) failed: open /srv/a: Permission "
                               "denied"));
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  EXPECT_EQ(core_.generation(), 1u);
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerDies) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 1 of generation 2 (pid 103) was "
            "killed by SIGSEGV before it was ready");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerDiesThatWasReady) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{3});
  Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 1 of generation 2 (pid 103) was "
            "killed by SIGSEGV");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerCannotBeSpawned) {
  StartServing();
  fail_spawns_ = true;
  BeginReload(5);
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 0 of generation 2 could not be "
            "started: posix_spawn /w: Resource busy");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerIsNotReadyInTime) {
  StartServing();
  settings_.ready_timeout_place = "/m.textproto:4:16: ready_timeout";
  BeginReload(5);
  Give(ReadyEvent{2});
  Pass(seconds(10));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("reload refused, generation 1 goes on serving: /m.textproto:4:16: "
                               "ready_timeout: worker 1 of generation 2 (pid 103) was not ready "
                               "within 10s"));
}

TEST_F(SupervisorCoreTest, LogsARefusedReloadOnce) {
  StartServing();
  BeginReload(5);
  Forget();
  for (std::uint32_t slot : {2u, 3u}) {
    Give(FailedEvent{slot, absl::AbortedError("open /srv/a: Permission denied")});
    Give(ExitedEvent{slot, Code(1)});
  }
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_THAT(log_, ElementsAre(std::string(replies_[0].outcome.status.message())));
}

TEST_F(SupervisorCoreTest, KeepsTheCodesOfARefusalToThoseThatClientsKnow) {
  StartServing();
  for (const absl::Status& reason :
       {absl::NotFoundError("open m: No such file"), absl::UnavailableError("again"),
        absl::AlreadyExistsError("bind"), absl::DeadlineExceededError("late")}) {
    Forget();
    Give(ReloadEvent{5});
    Give(LoadRefusedEvent{load_, reason});
    ASSERT_EQ(replies_.size(), 1u);
    EXPECT_EQ(replies_[0].outcome.status.code(), absl::StatusCode::kAborted) << reason;
  }
}

TEST_F(SupervisorCoreTest, DoesNotSayThatAGenerationServesOfWhichNoWorkerDoes) {
  StartServing(1);
  Give(ReloadEvent{5});
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("m:1:1: no")});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 stays, but none of its workers serves now: m:1:1: no");
}

TEST_F(SupervisorCoreTest, DoesNotStartWorkersOfAnUndoneReloadAgain) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{3, Code(1)});
  Give(ExitedEvent{2, KilledBy(SIGSEGV)});
  Forget();
  Pass(seconds(100));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.workers().size(), 2u);
}

TEST_F(SupervisorCoreTest, MakesOneMoreReloadOfAllThatComeMeanwhile) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(ReloadEvent{7});
  Give(ReloadEvent{0});
  EXPECT_EQ(loads_, 1);
  FinishReload();
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(replies_.size(), 1u);
  Give(LoadedEvent{load_, settings_});
  for (std::uint32_t slot : {4u, 5u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {2u, 3u, 4u, 5u}) Acknowledge(slot);
  ASSERT_EQ(replies_.size(), 3u);
  EXPECT_EQ(replies_[1].outcome.generation, 3u);
  EXPECT_EQ(replies_[2].outcome.generation, 3u);
  EXPECT_EQ(loads_, 2);
}

TEST_F(SupervisorCoreTest, GoesOnWithTheNextReloadAfterOneThatFailed) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(ExitedEvent{2, Code(1)});
  EXPECT_EQ(loads_, 2);
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhoseConfigurationIsNotLoadedInTime) {
  StartServing();
  Give(ReloadEvent{5});
  Pass(ReloadAttempts::kLoadTimeout - seconds(1));
  EXPECT_THAT(abandoned_, IsEmpty());
  Pass(seconds(1));
  ASSERT_EQ(abandoned_.size(), 1u);
  EXPECT_EQ(abandoned_[0].load, load_);
  EXPECT_TRUE(abandoned_[0].is_overdue);
  EXPECT_FALSE(core_.next_deadline().has_value());
  Give(LoadRefusedEvent{load_, absl::DeadlineExceededError("still reading /m after 30s")});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: still reading /m after 30s");
}

TEST_F(SupervisorCoreTest, ServesNothingThatWasLoadedTooLate) {
  StartServing();
  Give(ReloadEvent{5});
  const LoadId late = load_;
  Pass(ReloadAttempts::kLoadTimeout);
  Give(LoadRefusedEvent{late, absl::DeadlineExceededError("still reading /m after 30s")});
  Give(ReloadEvent{6});
  EXPECT_NE(load_, late);
  Give(LoadedEvent{late, settings_});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(spawned_, IsEmpty());
  Give(LoadRefusedEvent{late, absl::InvalidArgumentError("m:1:1: no")});
  EXPECT_EQ(RefusalOf(6), "");
  Give(LoadedEvent{load_, settings_});
  EXPECT_THAT(spawned_, ElementsAre(2u, 3u));
}

TEST_F(SupervisorCoreTest, RespawnsWorkersWhileAConfigurationIsLoaded) {
  StartServing();
  Give(ReloadEvent{5});
  Give(ExitedEvent{1, KilledBy(SIGKILL)});
  Pass(seconds(1));
  EXPECT_THAT(spawned_, ElementsAre(1u));
  Give(ReadyEvent{1});
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, RefusesAReloadForWhichNoSlotsAreLeft) {
  SupervisorCore core(3);
  core.Handle(StartEvent{settings_}, now_);
  core.Handle(ReadyEvent{0}, now_);
  core.Handle(ReadyEvent{1}, now_);
  core.Handle(ListeningEvent{1}, now_);
  core.Handle(ReloadEvent{5}, now_);
  absl::Status status;
  for (const Action& action : core.Handle(LoadedEvent{1, settings_}, now_)) {
    if (const auto* reply = std::get_if<ReplyAction>(&action)) status = reply->outcome.status;
  }
  EXPECT_EQ(status, absl::AbortedError("reload refused, generation 1 goes on serving: 2 workers "
                                       "wanted, 1 slot free; draining workers hold the others"));
  EXPECT_EQ(core.generation(), 1u);
}

TEST_F(SupervisorCoreTest, EndsTheOldestGenerationWhenTooManyDrain) {
  settings_.max_generations = 2;
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  EXPECT_EQ(StateOf(0), WorkerState::kDraining);
  for (std::uint32_t slot : {0u, 1u}) Acknowledge(slot);
  BeginReload(6);
  EXPECT_EQ(StateOf(0), WorkerState::kDraining);
  Give(ReadyEvent{2});
  EXPECT_EQ(StateOf(0), WorkerState::kStopping);
  EXPECT_EQ(StateOf(1), WorkerState::kDraining);
  EXPECT_EQ(StateOf(2), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, KillsAWorkerThatDoesNotFinishItsDrain) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Pass(seconds(64));
  EXPECT_THAT(signalled_, IsEmpty());
  Pass(seconds(1));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
}

TEST_F(SupervisorCoreTest, AnswersAReloadThatWaitsWhenTheOldWorkersHaveEnded) {
  StartServing();
  Give(ReloadEvent{.request = 5, .until_drained = true});
  Give(LoadedEvent{load_, settings_});
  FinishReload();
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_TRUE(replies_.empty());
  Give(ExitedEvent{.slot = 0, .exit = Code(0), .closed_at_deadline = 3});
  EXPECT_TRUE(replies_.empty());
  Give(ExitedEvent{.slot = 1, .exit = KilledBy(9), .connections = 1});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(replies_[0].outcome.connections_ended, 4u);
}

TEST_F(SupervisorCoreTest, AnswersAReloadThatWaitsWhenTheMasterIsPausedOrEnds) {
  StartServing();
  Give(ReloadEvent{.request = 5, .until_drained = true});
  Give(LoadedEvent{load_, settings_});
  FinishReload();
  Give(QuitEvent{6});
  EXPECT_TRUE(replies_.empty());
  for (std::uint32_t slot : {0u, 1u, 2u}) Give(ExitedEvent{.slot = slot, .exit = Code(0)});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_TRUE(replies_[0].outcome.status.ok());
}

TEST_F(SupervisorCoreTest, TellsWhoIsLeftWhenAReloadWaitsNoLonger) {
  StartServing();
  Give(ReloadEvent{.request = 5, .until_drained = true});
  Give(LoadedEvent{load_, settings_});
  FinishReload();
  Give(ExitedEvent{.slot = 0, .exit = Code(0)});
  Give(WithdrawEvent{5, "its deadline came"});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_TRUE(replies_[0].outcome.status.ok());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(replies_[0].outcome.warnings,
            std::vector<std::string>(
                {"worker 1 of generation 1 (pid 101) has not ended before its deadline came"}));
}

}  // namespace
}  // namespace muster::master
