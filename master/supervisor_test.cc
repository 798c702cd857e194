#include "muster/master/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/testing/supervisor_fixture.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::HasSubstr;

TEST_F(SupervisorTest, StartsWorkersAndTellsOfThem) {
  Serve();
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.master().generation(), 1u);
  ASSERT_EQ(status.workers_size(), 2);
  EXPECT_EQ(status.workers(1).slot(), 1u);
  EXPECT_EQ(status.workers(1).state(), admin::v1::Worker::SERVING);
  EXPECT_EQ(::kill(status.workers(1).pid(), 0), 0);
  ASSERT_EQ(status.master().listen_size(), 1);
  EXPECT_TRUE(Connects(status.master().listen(0)));
}

TEST_F(SupervisorTest, WritesThePidFileWhenItServes) {
  Manner("silent");
  Start();
  EXPECT_FALSE(PidFile::Read(folder_ + "/pid").ok());
  EXPECT_TRUE(AwaitExit());
  EXPECT_EQ(supervisor_->exit_code(), 1);
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat("cannot start: ", folder_,
                                                "/m.textproto:1:55: ready_timeout: worker ")));
  EXPECT_THAT(LogText(), HasSubstr(" was not ready within 500ms\n"));
  EXPECT_FALSE(PidFile::Read(folder_ + "/pid").ok());
}

TEST_F(SupervisorTest, ExitsWithTheReasonThatAWorkerGave) {
  Manner("fails");
  Start();
  EXPECT_TRUE(AwaitExit());
  EXPECT_EQ(supervisor_->exit_code(), 1);
  EXPECT_THAT(LogText(), testing::ContainsRegex(
                             "cannot start: worker [01] of generation 1 .pid [0-9]+. failed: it "
                             "cannot work today\n"));
}

TEST_F(SupervisorTest, StartsAKilledWorkerAgainInItsSlot) {
  Serve();
  const pid_t killed = Report().workers(1).pid();
  ::kill(killed, SIGKILL);
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    const admin::v1::Status status = Report();
    return status.workers(1).restarts() == 1 &&
           status.workers(1).state() == admin::v1::Worker::SERVING;
  }));
  EXPECT_NE(Report().workers(1).pid(), killed);
  EXPECT_EQ(Report().workers(1).last_exit(), "was killed by SIGKILL");
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat("worker 1 of generation 1 (pid ", killed,
                                                ") was killed by SIGKILL; "
                                                "starting it again in 100ms")));
}

TEST_F(SupervisorTest, LeavesNoZombie) {
  Serve();
  const pid_t killed = Report().workers(0).pid();
  ::kill(killed, SIGKILL);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers(0).pid() != killed; }));
  EXPECT_EQ(::kill(killed, 0), -1);
}

TEST_F(SupervisorTest, ServesWithWorkersOfTheVersionBefore) {
  Manner("old");
  Serve();
  EXPECT_THAT(LogText(), HasSubstr("its program speaks an older version of the protocol"));
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_EQ(Report().workers(0).state(), admin::v1::Worker::SERVING);
  EXPECT_EQ(Report().workers(0).restarts(), 0u) << "what is kept listens already";
}

TEST_F(SupervisorTest, RefusesWorkersOfAVersionThatItDoesNotKnow) {
  Serve();
  Manner("future");
  EXPECT_THAT(std::string(AwaitOutcome(&Supervisor::Reload).status.message()),
              HasSubstr("READY: it speaks version 3 of the protocol, which the master does not"));
}

TEST_F(SupervisorTest, ReopensTheLogsOfAll) {
  Serve();
  std::filesystem::rename(folder_ + "/master.log", folder_ + "/old.log");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reopen);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.reopened, 2u);
  EXPECT_THAT(LogText(), HasSubstr("log files are open again in 2 workers"));
}

// It has accepted connections since it was ready.
TEST_F(SupervisorTest, ReopensTheLogsOfAnOldWorkerWhoseGenerationWasUndone) {
  Serve();
  Manner("first is old");
  EXPECT_FALSE(AwaitOutcome(&Supervisor::Reload).status.ok());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 3; }));
  EXPECT_EQ(Report().workers(2).state(), admin::v1::Worker::DRAINING);
  const Outcome outcome = AwaitOutcome(&Supervisor::Reopen);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.reopened, 3u);
}

TEST_F(SupervisorTest, QuitsWithItsWorkers) {
  Serve();
  const std::string address = Report().master().listen(0);
  std::optional<Outcome> outcome;
  supervisor_->Quit([&](const Outcome& result) { outcome = result; });
  EXPECT_TRUE(AwaitExit());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->exited, 2u);
  EXPECT_EQ(outcome->killed, 0u);
  EXPECT_EQ(supervisor_->exit_code(), 0);
  EXPECT_FALSE(Connects(address));
}

TEST_F(SupervisorTest, KillsWorkersThatDoNotStop) {
  Manner("deaf");
  Serve();
  std::optional<Outcome> outcome;
  supervisor_->Stop([&](const Outcome& result) { outcome = result; });
  EXPECT_TRUE(AwaitExit());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->exited, 0u);
  EXPECT_EQ(outcome->killed, 2u);
}

// Whoever runs this test by hand does it in a terminal.
void LeaveTerminal() {
  const ipc::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal.valid()) ::ioctl(terminal.get(), TIOCNOTTY);
}

TEST_F(SupervisorTest, DoesNotPauseWhenATerminalChangesItsSize) {
  LeaveTerminal();
  Serve();
  supervisor_->ObeySignal({.number = SIGWINCH});
  EXPECT_EQ(Report().master().state(), admin::v1::Master::RUNNING);
}

TEST_F(SupervisorTest, ObeysSignals) {
  LeaveTerminal();
  Serve();
  Obey(SIGHUP);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().master().generation() == 2; }));
  Obey(SIGTTIN);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().master().worker_processes() == 3; }));
  Obey(SIGTTOU);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().master().worker_processes() == 2; }));
  Obey(SIGWINCH);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 0; }));
  EXPECT_EQ(Report().master().state(), admin::v1::Master::PAUSED);
  EXPECT_TRUE(Connects(Report().master().listen(0)));
  Obey(SIGTERM);
  EXPECT_TRUE(AwaitExit());
  EXPECT_EQ(supervisor_->exit_code(), 0);
}

TEST_F(SupervisorTest, ExitsWhenAllWorkersSayThatTheyWillNeverWork) {
  Serve();
  Manner("hopeless");
  ::kill(Report().workers(0).pid(), SIGKILL);
  ::kill(Report().workers(1).pid(), SIGKILL);
  EXPECT_TRUE(AwaitExit());
  EXPECT_EQ(supervisor_->exit_code(), 1);
  EXPECT_THAT(LogText(), HasSubstr("the last worker has given up"));
}

}  // namespace
}  // namespace muster::master
