#include "muster/master/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/run_until.h"
#include "muster/loop/timer.h"
#include "muster/master/config/config_file.h"
#include "muster/master/listen/address.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A supervisor with real processes: fake workers, which behave as told by Manner.
class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-supervisor-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    WriteConfig("");
    loop_ = *loop::EventLoop::Create();
    Manner("");
  }
  void TearDown() override {
    if (supervisor_ != nullptr && !has_exited_) {
      supervisor_->Stop(nullptr);
      EXPECT_TRUE(AwaitExit());
    }
    supervisor_.reset();
    pid_file_.reset();
    std::filesystem::remove_all(folder_);
  }

  // As if a process had sent it.
  void Obey(int signal) {
    supervisor_->ObeySignal({.number = signal, .sender_pid = 1, .is_from_process = true});
  }
  static void Manner(const char* manner) { ::setenv("FAKE_WORKER", manner, 1); }
  void WriteConfig(const std::string& more, int workers = 2, const std::string& pid_file = "pid") {
    std::ofstream(folder_ + "/m.textproto")
        << "worker_processes: " << workers
        << " listen { address: '127.0.0.1:0' } ready_timeout { nanos: 500000000 "
           "} "
           "http { location { path: '/' return {} } } log { path: 'master.log' } pid_file: '"
        << pid_file << "' " << more;
  }
  void Start() {
    const std::string file = folder_ + "/m.textproto";
    const auto checked = ReadConfigFile(file, folder_, nullptr);
    ASSERT_TRUE(checked.ok()) << checked.status();
    ASSERT_TRUE(log_.Configure(checked->config.log()).ok());
    auto pid_file = PidFile::Lock(checked->config.pid_file());
    ASSERT_TRUE(pid_file.ok()) << pid_file.status();
    pid_file_.emplace(*std::move(pid_file));
    const std::string worker = std::filesystem::absolute("master/process/fake_worker").string();
    WorkerFinder finder(worker);
    auto first = PrepareDeployment(*checked, finder, ListenerSet());
    ASSERT_TRUE(first.ok()) << first.status();
    auto supervisor = Supervisor::Create(*loop_, log_, events_, *pid_file_, {file, folder_, worker},
                                         *std::move(first));
    ASSERT_TRUE(supervisor.ok()) << supervisor.status();
    supervisor_ = *std::move(supervisor);
    supervisor_->Start();
  }
  void Serve() {
    Start();
    ASSERT_TRUE(
        RunUntil(*loop_, [&] { return Report().master().state() == admin::v1::Master::RUNNING; }));
  }
  bool AwaitExit() {
    has_exited_ = true;
    // Run ends when the supervisor stops the loop; the timer is for when it does not.
    loop::Timer alarm(*loop_, [] { std::abort(); });
    alarm.SetAfter(std::chrono::seconds(120));
    return loop_->Run().ok();
  }
  Outcome AwaitOutcome(RequestId (Supervisor::*ask)(Supervisor::Reply)) {
    std::optional<Outcome> outcome;
    (*supervisor_.*ask)([&](const Outcome& result) { outcome = result; });
    EXPECT_TRUE(RunUntil(*loop_, [&] { return outcome.has_value(); }));
    return outcome.value_or(Outcome());
  }
  admin::v1::Status Report() const { return supervisor_->Report(); }
  std::string LogText() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/master.log").rdbuf();
    return text.str();
  }
  static bool Connects(const std::string& text) {
    const Address address = *Address::Parse(text);
    const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.get(), address.size()) == 0;
  }

  std::string folder_;
  Log log_;
  std::unique_ptr<loop::EventLoop> loop_;
  EventRing events_;
  std::optional<PidFile> pid_file_;
  std::unique_ptr<Supervisor> supervisor_;
  bool has_exited_ = false;
};

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

TEST_F(SupervisorTest, ReloadsIntoANewGenerationOnTheSameSocket) {
  Serve();
  const std::string address = Report().master().listen(0);
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.generation, 2u);
  EXPECT_EQ(Report().master().listen(0), address);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_EQ(Report().workers(0).generation(), 2u);
}

TEST_F(SupervisorTest, RefusesAReloadOfAConfigurationWithMistakes) {
  Serve();
  WriteConfig("acept: MUTEX");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("did you mean \"accept\"?"));
  EXPECT_EQ(Report().master().generation(), 1u);
}

TEST_F(SupervisorTest, UndoesAReloadWhoseWorkersFail) {
  Serve();
  const pid_t old = Report().workers(0).pid();
  WriteConfig("listen { address: '127.0.0.2:0' }");
  Manner("fails");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("it cannot work today"));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_EQ(Report().workers(0).pid(), old);
  EXPECT_EQ(Report().master().listen_size(), 1);
}

TEST_F(SupervisorTest, DoesNotListenBeforeTheCommit) {
  Serve();
  const std::string address = absl::StrCat("unix:", folder_, "/new.sock");
  WriteConfig("listen { address: 'unix:new.sock' }");
  Manner("silent");
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  EXPECT_FALSE(Connects(address));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  Manner("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).status, absl::OkStatus());
  EXPECT_TRUE(Connects(address));
}

// Its READY and its death wait for the master at the same time.
TEST_F(SupervisorTest, RefusesAReloadWhoseWorkerDiedWhenItHadSaidThatItIsReady) {
  Serve();
  WriteConfig("", /*workers=*/1);
  Manner("ready and gone");
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(
      *loop_, [&] { return Report().workers_size() == 3 && Report().workers(2).pid() != 0; }));
  siginfo_t death = {};
  ASSERT_EQ(::waitid(P_PID, Report().workers(2).pid(), &death, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  EXPECT_THAT(std::string(refused->status.message()),
              HasSubstr("reload refused, generation 1 goes on serving: worker 0 of generation 2"));
  EXPECT_EQ(Report().master().generation(), 1u);
  EXPECT_EQ(Report().stats().crashes(), 0u);
}

TEST_F(SupervisorTest, UndoesAReloadThatNobodyWaitsForAnyMore) {
  Serve();
  const std::string address = absl::StrCat("unix:", folder_, "/new.sock");
  WriteConfig("listen { address: 'unix:new.sock' }");
  Manner("silent");
  std::optional<Outcome> refused;
  const RequestId request = supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  supervisor_->Withdraw(request, "its caller hung up");
  ASSERT_TRUE(refused.has_value());
  EXPECT_THAT(std::string(refused->status.message()),
              HasSubstr("refused, generation 1 goes on serving: its caller hung up before worker"));
  EXPECT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_FALSE(std::filesystem::exists(absl::StrCat(folder_, "/new.sock")));
  Manner("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).generation, 3u);
  EXPECT_TRUE(Connects(address));
}

TEST_F(SupervisorTest, RefusesAReloadWhenAnotherSocketListensFirst) {
  Serve();
  // Bound by both, which SO_REUSEADDR allows until one of them listens.
  const ipc::UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const Address any = *Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(other.get(), any.get(), any.size()), 0);
  const std::string address = Address::OfSocket(other.get())->ToString();
  WriteConfig(absl::StrCat("listen { address: '", address, "' }"));
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  ASSERT_EQ(::listen(other.get(), 1), 0);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  EXPECT_THAT(
      std::string(refused->status.message()),
      HasSubstr(absl::StrCat("listen[1].address: listen ", address, ": Address already in use")));
  EXPECT_EQ(Report().master().generation(), 1u);
}

TEST_F(SupervisorTest, WarnsOfAnOldWorkerThatDoesNotSayThatItDrains) {
  Manner("mute");
  WriteConfig("drain_ack_timeout { nanos: 20000000 }");
  Serve();
  Manner("");
  const pid_t old = Report().workers(0).pid();
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.warnings.size(), 2u);
  EXPECT_EQ(outcome.warnings[0], absl::StrCat("worker 0 of generation 1 (pid ", old,
                                              ") has not begun to drain within 20ms"));
  EXPECT_THAT(LogText(), HasSubstr(outcome.warnings[0]));
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

TEST_F(SupervisorTest, RefusesAReloadThatWouldMoveItsOwnFiles) {
  Serve();
  WriteConfig("", 2, "elsewhere");
  EXPECT_THAT(std::string(AwaitOutcome(&Supervisor::Reload).status.message()),
              HasSubstr("pid_file: cannot change"));
}

TEST_F(SupervisorTest, ClosesAListenerThatIsNotWantedAnyMore) {
  WriteConfig("listen { address: '127.0.0.2:0' }");
  Serve();
  const std::string gone = Report().master().listen(1);
  EXPECT_TRUE(Connects(gone));
  WriteConfig("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).status, absl::OkStatus());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_FALSE(Connects(gone));
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat("no longer listening on ", gone)));
}

TEST_F(SupervisorTest, ReopensTheLogsOfAll) {
  Serve();
  std::filesystem::rename(folder_ + "/master.log", folder_ + "/old.log");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reopen);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.reopened, 2u);
  EXPECT_THAT(LogText(), HasSubstr("log files are open again in 2 workers"));
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
