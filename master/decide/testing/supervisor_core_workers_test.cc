// Orders about single workers: restart one by one, drain, quit, kill, scale.

#include <csignal>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using What = WorkerOrderEvent::What;
using worker::Command;

class WorkerOrdersTest : public SupervisorCoreTest {
 protected:
  void Order(What what, std::uint32_t number = 0) { Give(WorkerOrderEvent{7, what, number}); }
  void BeReady(std::uint32_t slot) {
    Give(ReadyEvent{slot});
    Acknowledge(slot);
  }
  absl::Status Answer() const {
    return replies_.empty() ? absl::UnavailableError("not answered") : replies_[0].outcome.status;
  }
};

TEST_F(WorkerOrdersTest, RestartReplacesOneWorkerAfterTheOther) {
  StartServing(2);
  Order(What::kRestartAll);
  EXPECT_THAT(spawned_, ElementsAre(2));
  EXPECT_THAT(sent_, IsEmpty()) << "the old one serves until the new one is ready";
  Give(ReadyEvent{2});
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kServe}, Sent{0, Command::kDrain}));
  EXPECT_THAT(spawned_, ElementsAre(2)) << "the first one has not begun to drain";
  Acknowledge(2);
  Acknowledge(0);
  EXPECT_THAT(spawned_, ElementsAre(2, 3));
  BeReady(3);
  EXPECT_THAT(replies_, IsEmpty());
  Acknowledge(1);
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(replies_[0].outcome.restarted, 2u);
  EXPECT_EQ(replies_[0].outcome.generation, 1u);
  EXPECT_EQ(core_.wanted_workers(), 2u);
}

TEST_F(WorkerOrdersTest, RestartStopsAtTheFirstWorkerThatFails) {
  StartServing(3);
  Order(What::kRestartAll);
  BeReady(3);
  Acknowledge(0);
  Give(ExitedEvent{4, Code(1)});
  EXPECT_THAT(std::string(Answer().message()),
              HasSubstr("restart stopped at worker 1: worker 1 of generation 1 (pid 104) exited "
                        "with code 1"));
  EXPECT_THAT(std::string(Answer().message()), HasSubstr("1 worker was restarted"));
  EXPECT_TRUE(absl::IsAborted(Answer()));
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  EXPECT_EQ(StateOf(2), WorkerState::kServing);
  EXPECT_EQ(StateOf(4), WorkerState::kGone) << "it is not started again";
}

TEST_F(WorkerOrdersTest, RestartStopsAtAWorkerThatIsNotReadyInTime) {
  StartServing(1);
  Order(What::kRestartAll);
  Pass(seconds(10));
  EXPECT_THAT(std::string(Answer().message()), HasSubstr("was not ready within 10s"));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{1, SIGKILL}));
  Give(ExitedEvent{1, KilledBy(SIGKILL)});
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
  EXPECT_EQ(StateOf(1), WorkerState::kGone);
}

TEST_F(WorkerOrdersTest, RestartIsOverWhenAReloadHasReplacedAll) {
  StartServing(2);
  Order(What::kRestartAll);
  Give(ReloadEvent{8});
  Give(LoadedEvent{load_, settings_});
  Give(ReadyEvent{3});
  Give(ReadyEvent{4});
  EXPECT_THAT(RefusalOf(7), HasSubstr("generation 2 has replaced all workers"));
}

TEST_F(WorkerOrdersTest, DrainTakesOneAway) {
  StartServing(2);
  Order(What::kDrain, 1);
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kDrain}));
  Acknowledge(1);
  EXPECT_TRUE(Answer().ok()) << Answer();
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

TEST_F(WorkerOrdersTest, DrainLeavesNoSocketsThatNobodyAcceptsOn) {
  settings_.can_scale = false;
  StartServing(2);
  Order(What::kDrain, 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(Answer())) << Answer();
  EXPECT_THAT(std::string(Answer().message()), HasSubstr("\"ctl scale\" starts a generation"));
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  Forget();
  Order(What::kQuit, 1);  // another one takes its place
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kDrain}));
}

TEST_F(WorkerOrdersTest, TheLastOneThatServesIsNotTakenAway) {
  StartServing(2);
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});  // waits to be started again
  for (const What what : {What::kDrain, What::kQuit, What::kKill}) {
    Forget();
    Order(what, 0);
    EXPECT_TRUE(absl::IsFailedPrecondition(Answer())) << Answer();
    EXPECT_THAT(std::string(Answer().message()), HasSubstr("worker 0 is the last one that serves"));
    EXPECT_EQ(StateOf(0), WorkerState::kServing);
  }
}

TEST_F(WorkerOrdersTest, QuitStartsTheNextOneWhenTheFirstHasEnded) {
  StartServing(2);
  Order(What::kQuit, 0);
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kDrain}));
  EXPECT_THAT(spawned_, IsEmpty());
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(spawned_, ElementsAre(0));
  EXPECT_THAT(replies_, IsEmpty());
  BeReady(0);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(core_.workers().at(0).index, 0u);
}

TEST_F(WorkerOrdersTest, KillIsNoCrash) {
  StartServing(2);
  Order(What::kKill, 1);
  EXPECT_THAT(signalled_, ElementsAre(Signalled{1, SIGKILL}));
  Give(ExitedEvent{1, KilledBy(SIGKILL)});
  EXPECT_THAT(spawned_, ElementsAre(1)) << "at once";
  BeReady(1);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(core_.crashes(), 0u);
}

TEST_F(WorkerOrdersTest, QuitTellsThatTheNextOneFailedAndKeepsTrying) {
  StartServing(2);
  Order(What::kQuit, 0);
  Give(ExitedEvent{0, Code(0)});
  Give(ExitedEvent{0, Code(1)});
  EXPECT_TRUE(absl::IsAborted(Answer())) << Answer();
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
}

TEST_F(WorkerOrdersTest, ScaleStartsAsManyAsAreMissing) {
  StartServing(2);
  Order(What::kScale, 4);
  EXPECT_THAT(spawned_, ElementsAre(2, 3));
  BeReady(2);
  EXPECT_THAT(replies_, IsEmpty());
  BeReady(3);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(core_.wanted_workers(), 4u);
}

TEST_F(WorkerOrdersTest, ScaleIsUndoneIfOneFails) {
  StartServing(2);
  Order(What::kScale, 4);
  BeReady(2);
  Give(ExitedEvent{3, Code(1)});
  EXPECT_TRUE(absl::IsAborted(Answer())) << Answer();
  EXPECT_EQ(StateOf(2), WorkerState::kDraining);
  EXPECT_EQ(StateOf(3), WorkerState::kGone);
  EXPECT_EQ(core_.wanted_workers(), 2u);
}

TEST_F(WorkerOrdersTest, ScaleDrainsThoseTooMany) {
  StartServing(3);
  Order(What::kScale, 1);
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kDrain}, Sent{1, Command::kDrain}));
  Acknowledge(2);
  Acknowledge(1);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

TEST_F(WorkerOrdersTest, ScaleIsANewGenerationIfEachWorkerHasSockets) {
  settings_.can_scale = false;
  StartServing(2);
  Order(What::kScale, 3);
  EXPECT_EQ(loads_again_, 1);
  Settings more = settings_;
  more.workers = 3;
  Give(LoadedEvent{load_, more});
  EXPECT_THAT(spawned_, ElementsAre(2, 3, 4));
  for (std::uint32_t slot : {2u, 3u, 4u}) Give(ReadyEvent{slot});
  for (std::uint32_t slot : {0u, 1u, 2u, 3u, 4u}) Acknowledge(slot);
  EXPECT_TRUE(Answer().ok()) << Answer();
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(core_.reloads(), 0u);
}

TEST_F(WorkerOrdersTest, ReachTheProcessThatIsMeant) {
  StartServing(2);
  for (const What what : {What::kRestart, What::kDrain, What::kQuit, What::kKill}) {
    replies_.clear();
    Give(WorkerOrderEvent{7, what, 1, "", {.pid = 100}});
    EXPECT_TRUE(absl::IsFailedPrecondition(Answer())) << Answer();
    EXPECT_THAT(std::string(Answer().message()),
                HasSubstr(" refused: worker 1 is pid 101, not pid 100"));
    EXPECT_EQ(config::ErrorReasonOf(Answer()), "WORKER_CHANGED");
    EXPECT_EQ(StateOf(1), WorkerState::kServing);
    EXPECT_THAT(sent_, IsEmpty());
  }
  replies_.clear();
  Give(WorkerOrderEvent{7, What::kDrain, 1, "", {.generation = 1, .pid = 101}});
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kDrain}));
}

TEST_F(WorkerOrdersTest, ReachAWorkerWithoutAProcessIfThatIsMeant) {
  StartServing(2);
  Give(ExitedEvent{1, Code(1)});
  Give(WorkerOrderEvent{7, What::kDrain, 1, "", {.pid = 101}});
  EXPECT_THAT(std::string(Answer().message()),
              HasSubstr("worker 1 has no process, and not pid 101"));
  replies_.clear();
  Give(WorkerOrderEvent{7, What::kDrain, 1, "", {.pid = 0}});
  EXPECT_TRUE(Answer().ok()) << Answer();
}

TEST_F(WorkerOrdersTest, ReachTheGenerationThatIsMeant) {
  StartServing(2);
  Give(WorkerOrderEvent{7, What::kDrain, 1, "", {.generation = 2}});
  EXPECT_THAT(std::string(Answer().message()), HasSubstr("generation 1 serves, not 2"));
  EXPECT_EQ(config::ErrorReasonOf(Answer()), "WORKER_CHANGED");
}

TEST_F(WorkerOrdersTest, OneAtATime) {
  StartServing(2);
  Order(What::kRestartAll);
  Give(WorkerOrderEvent{8, What::kDrain, 1});
  EXPECT_THAT(RefusalOf(8), HasSubstr("another change of workers is under way"));
  Give(ScaleEvent{+1});
  EXPECT_THAT(spawned_, ElementsAre(2));
}

TEST_F(WorkerOrdersTest, RestartStopsWhenNobodyWaits) {
  StartServing(2);
  Order(What::kRestartAll);
  Give(WithdrawEvent{7, "its caller hung up"});
  EXPECT_TRUE(absl::IsCancelled(Answer())) << Answer();
  BeReady(2);
  Acknowledge(0);
  EXPECT_THAT(spawned_, ElementsAre(2));
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
}

TEST_F(WorkerOrdersTest, AnUnknownWorkerIsNotFound) {
  StartServing(2);
  Order(What::kRestart, 9);
  EXPECT_TRUE(absl::IsNotFound(Answer())) << Answer();
}

TEST_F(WorkerOrdersTest, AreRefusedWhileAReloadIsUnderWay) {
  StartServing(2);
  BeginReload(8);
  Order(What::kRestartAll);
  EXPECT_TRUE(absl::IsFailedPrecondition(Answer())) << Answer();
  EXPECT_THAT(std::string(Answer().message()), HasSubstr("a reload is under way"));
}

}  // namespace
}  // namespace muster::master
