// How a master ends.

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
using ::testing::IsEmpty;
using worker::Command;

TEST_F(SupervisorCoreTest, QuitsWhenTheLastWorkerHasEnded) {
  StartServing();
  Give(QuitEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
  EXPECT_EQ(listener_closes_, 1);
  EXPECT_EQ(core_.state(), MasterState::kStopping);
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(replies_, IsEmpty());
  Give(ExitedEvent{1, Code(0)});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 9u);
  EXPECT_EQ(replies_[0].outcome.exited, 2u);
  EXPECT_EQ(replies_[0].outcome.killed, 0u);
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, TellsThoseWhoDrainThatNobodyServesAnyMore) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Forget();
  Give(QuitEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
}

TEST_F(SupervisorCoreTest, StopsAndInsistsUntilItKills) {
  StartServing(1);
  Give(StopEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kTerminate}));
  Pass(milliseconds(1549));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGTERM}, Signalled{0, SIGTERM},
                                      Signalled{0, SIGTERM}, Signalled{0, SIGTERM}));
  Pass(milliseconds(1));
  EXPECT_EQ(signalled_.back(), (Signalled{0, SIGKILL}));
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.exited, 0u);
  EXPECT_EQ(replies_[0].outcome.killed, 1u);
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, OnlyTheTimerMakesAStopInsist) {
  StartServing(2);
  Give(StopEvent{9});
  Give(ReadyEvent{0});
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(signalled_, IsEmpty());
}

TEST_F(SupervisorCoreTest, LetsAStopOvertakeAQuit) {
  StartServing(1);
  Give(QuitEvent{8});
  Give(StopEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{0, Command::kTerminate}));
  Give(ExitedEvent{0, Code(0)});
  EXPECT_EQ(replies_.size(), 2u);
}

TEST_F(SupervisorCoreTest, DoesNotStartAWorkerAgainOnceItQuits) {
  StartServing(2);
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Give(QuitEvent{9});
  EXPECT_THAT(released_, ElementsAre(0));
  Pass(seconds(5));
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhileItStops) {
  StartServing();
  Give(QuitEvent{8});
  Give(ReloadEvent{9});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: the master is stopping"));
}

TEST_F(SupervisorCoreTest, LogsThatItRefusesAReloadForWhichNobodyWaits) {
  StartServing();
  Give(QuitEvent{8});
  Forget();
  Give(ReloadEvent{0});
  EXPECT_THAT(log_, ElementsAre("reload refused: the master is stopping"));
}

TEST_F(SupervisorCoreTest, RefusesTheReloadsThatWaitForAStartThatIsStopped) {
  Give(StartEvent{settings_});
  Give(ReloadEvent{5});
  Give(StopEvent{7});
  EXPECT_EQ(RefusalOf(5), "reload refused: the master is stopping");
  EXPECT_THAT(log_, testing::Contains("reload refused: the master is stopping").Times(1));
}

TEST_F(SupervisorCoreTest, AnswersTheReloadsThatAStopCutsOff) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(StopEvent{7});
  EXPECT_EQ(roll_backs_, 1);
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].outcome.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(replies_[1].outcome.status.code(), absl::StatusCode::kFailedPrecondition);
  for (std::uint32_t slot = 0; slot < 4; ++slot) Give(ExitedEvent{slot, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, DropsWhatWasLoadedForAReloadThatAStopCutOff) {
  StartServing();
  Give(ReloadEvent{5});
  Give(StopEvent{7});
  ASSERT_EQ(abandoned_.size(), 1u);
  EXPECT_EQ(abandoned_[0].load, load_);
  EXPECT_FALSE(abandoned_[0].is_overdue);
  Give(LoadedEvent{load_, settings_});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, ExitsWithZeroWhenItIsStoppedWhileItStarts) {
  Give(StartEvent{settings_});
  Give(StopEvent{7});
  Give(ExitedEvent{0, Code(0)});
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(0));
}

}  // namespace
}  // namespace muster::master
