// That a supervisor goes on in another program of its process. Here both programs are in one: the
// first one's loop does not run any more, and its objects are left to themselves, as exec leaves
// them.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/status.h"
#include "muster/loop/run_until.h"
#include "muster/loop/timer.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/supervisor.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// What one program of a master has.
struct Program {
  // In the order of their destruction from the end.
  Log log;
  const std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
  EventRing events;
  std::optional<PidFile> pid_file;
  std::unique_ptr<Supervisor> supervisor;

  admin::v1::Status Report() const { return supervisor->Report(); }
  std::vector<pid_t> Pids() const {
    std::vector<pid_t> pids;
    const admin::v1::Status status = Report();
    for (const auto& worker : status.workers()) pids.push_back(worker.pid());
    return pids;
  }
  bool RunsUntil(admin::v1::Master::State state) {
    return RunUntil(*loop, [&] { return Report().master().state() == state; });
  }
  Outcome Reload() {
    std::optional<Outcome> outcome;
    supervisor->Reload([&](const Outcome& result) { outcome = result; });
    EXPECT_TRUE(RunUntil(*loop, [&] { return outcome.has_value(); }));
    return outcome.value_or(Outcome());
  }
  void Stop() {
    supervisor->Stop(nullptr);
    loop::Timer alarm(*loop, [] { std::abort(); });
    alarm.SetAfter(std::chrono::seconds(120));
    EXPECT_TRUE(loop->Run().ok());
  }
};

// What a program leaves to the next one.
struct Legacy {
  DescriptorKeep keep;
  Supervisor::Saved saved;
  state::v1::LogState log;
  state::v1::PidFileState pid_file;
  state::v1::EventRingState events;
};

class SupervisorStateTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-supervisor-state-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    ::setenv("FAKE_WORKER", "", 1);
    WriteConfig("zone { name: 'z' size_bytes: 65536 }");
    Serve();
  }
  void TearDown() override {
    if (master_->supervisor != nullptr && !is_stopped_) master_->Stop();
    master_.reset();
    std::filesystem::remove_all(folder_);
  }

  void WriteConfig(const std::string& more) const {
    std::ofstream(folder_ + "/m.textproto")
        << "worker_processes: 2 listen { address: '127.0.0.1:0' } listen { address: 'unix:"
        << folder_
        << "/socket' } http { location { path: '/' return {} } } log { path: 'master.log' } "
           "pid_file: 'pid' "
        << more;
  }
  void Serve() {
    const std::string file = folder_ + "/m.textproto";
    const auto checked = ReadIdentifiedFile(file, folder_, nullptr);
    ASSERT_TRUE(checked.ok()) << checked.status();
    ASSERT_TRUE(master_->log.Configure(checked->config.log()).ok());
    auto pid_file = PidFile::Lock(checked->config.pid_file());
    ASSERT_TRUE(pid_file.ok()) << pid_file.status();
    master_->pid_file.emplace(*std::move(pid_file));
    const std::string worker = std::filesystem::absolute("master/process/fake_worker").string();
    WorkerFinder finder(worker);
    auto first = PrepareDeployment(*checked, finder, ListenerSet());
    ASSERT_TRUE(first.ok()) << first.status();
    auto supervisor =
        Supervisor::Create(*master_->loop, master_->log, master_->events, *master_->pid_file,
                           {file, folder_, worker}, *std::move(first));
    ASSERT_TRUE(supervisor.ok()) << supervisor.status();
    master_->supervisor = *std::move(supervisor);
    master_->supervisor->Start();
    ASSERT_TRUE(master_->RunsUntil(admin::v1::Master::RUNNING));
  }

  std::unique_ptr<Legacy> Save() const {
    auto legacy = std::make_unique<Legacy>();
    absl::StatusOr<Supervisor::Saved> saved = master_->supervisor->Save(legacy->keep);
    EXPECT_TRUE(saved.ok()) << saved.status();
    if (!saved.ok()) return legacy;
    legacy->saved = *std::move(saved);
    legacy->log = master_->log.Save(legacy->keep);
    legacy->pid_file = master_->pid_file->Save(legacy->keep);
    legacy->events = master_->events.Save();
    return legacy;
  }
  // In the next program.
  static absl::Status Restore(const Legacy& legacy, DescriptorInheritance& inheritance,
                              Program& next) {
    MUSTER_RETURN_IF_ERROR(next.log.Restore(legacy.log, inheritance));
    MUSTER_RETURN_IF_ERROR(next.events.Restore(legacy.events));
    MUSTER_ASSIGN_OR_RETURN(PidFile pid_file, PidFile::Restore(legacy.pid_file, inheritance));
    next.pid_file.emplace(std::move(pid_file));
    MUSTER_ASSIGN_OR_RETURN(next.supervisor,
                            Supervisor::Restore(*next.loop, next.log, next.events, *next.pid_file,
                                                legacy.saved, inheritance));
    return absl::OkStatus();
  }
  // The process becomes the next program, but does not begin.
  void Become(const Legacy& legacy) {
    // The kernel forgets what a program had. That its descriptors stay open here changes nothing.
    static std::vector<std::unique_ptr<Program>>& forgotten =
        *new std::vector<std::unique_ptr<Program>>;
    forgotten.push_back(std::exchange(master_, std::make_unique<Program>()));
    inheritance_.emplace(legacy.keep.numbers());
    const absl::Status status = Restore(legacy, *inheritance_, *master_);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Begin() {
    const absl::Status status = master_->supervisor->Watch();
    ASSERT_TRUE(status.ok()) << status;
    master_->log.Begin();
    master_->pid_file->Begin();
    master_->supervisor->Begin();
  }
  std::string LogText() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/master.log").rdbuf();
    return text.str();
  }
  // By what the trial of another program or its refusal may change.
  std::string Outside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    std::string text = LogText();
    for (const std::string& name : names) absl::StrAppend(&text, name, "\n");
    std::ifstream list(folder_ + "/pid.workers");
    return absl::StrCat(text, std::string(std::istreambuf_iterator<char>(list), {}));
  }

  std::string folder_;
  std::unique_ptr<Program> master_ = std::make_unique<Program>();
  std::optional<DescriptorInheritance> inheritance_;
  bool is_stopped_ = false;
};

TEST_F(SupervisorStateTest, GoesOnWithTheSameWorkers) {
  ASSERT_TRUE(master_->Reload().status.ok());
  ASSERT_TRUE(RunUntil(*master_->loop, [&] { return master_->Report().workers_size() == 2; }));
  const admin::v1::Status before = master_->Report();
  const std::vector<pid_t> pids = master_->Pids();
  const std::uint64_t events = master_->events.next();
  Become(*Save());
  // It reports before it begins.
  EXPECT_EQ(master_->Pids(), pids);
  EXPECT_EQ(master_->Report().master().state(), admin::v1::Master::RUNNING);
  EXPECT_EQ(master_->Report().master().generation(), 2u);
  EXPECT_EQ(master_->supervisor->health().Read(""), true);
  Begin();
  ASSERT_TRUE(master_->loop->RunOnce(std::chrono::milliseconds(0)).ok());
  const admin::v1::Status after = master_->Report();
  EXPECT_EQ(master_->Pids(), pids);
  EXPECT_EQ(after.stats().reloads(), 1u);
  EXPECT_EQ(after.master().listen(0), before.master().listen(0));
  EXPECT_EQ(after.master().start_time().SerializeAsString(),
            before.master().start_time().SerializeAsString());
  EXPECT_EQ(master_->events.next(), events) << "nothing has happened";
  // It can do all that the one before could.
  const Outcome reload = master_->Reload();
  EXPECT_TRUE(reload.status.ok()) << reload.status;
  EXPECT_EQ(reload.generation, 3u);
  ASSERT_TRUE(RunUntil(*master_->loop, [&] { return master_->Report().workers_size() == 2; }));
  EXPECT_THAT(master_->Pids(), Not(ElementsAre(pids[0], pids[1])));
  EXPECT_EQ(*PidFile::Read(folder_ + "/pid"), ::getpid());
  is_stopped_ = true;
  master_->Stop();
  EXPECT_EQ(master_->supervisor->exit_code(), 0);
  master_ = std::make_unique<Program>();
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/pid"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/pid.workers"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/socket"));
}

TEST_F(SupervisorStateTest, GoesOnInAThirdProgram) {
  const std::vector<pid_t> pids = master_->Pids();
  for (int i = 0; i < 2; ++i) {
    Become(*Save());
    Begin();
    ASSERT_TRUE(master_->loop->RunOnce(std::chrono::milliseconds(0)).ok());
  }
  EXPECT_EQ(master_->Pids(), pids);
  EXPECT_TRUE(master_->Reload().status.ok());
}

TEST_F(SupervisorStateTest, LeavesAllAsItIsInATrial) {
  const std::string before = Outside();
  const std::unique_ptr<Legacy> legacy = Save();
  {
    Program trial;
    DescriptorInheritance inheritance(legacy->keep.numbers());
    const absl::Status status = Restore(*legacy, inheritance, trial);
    ASSERT_TRUE(status.ok()) << status;
    trial.log.Write(Severity::kError, "of the trial");
    // More than its timers wait for, if one of them runs.
    const auto end = Clock::now() + std::chrono::milliseconds(1200);
    while (Clock::now() < end) ASSERT_TRUE(trial.loop->RunOnce(end - Clock::now()).ok());
  }
  EXPECT_EQ(Outside(), before);
  for (const pid_t pid : master_->Pids()) EXPECT_EQ(::kill(pid, 0), 0);
  EXPECT_TRUE(master_->Reload().status.ok());
}

TEST_F(SupervisorStateTest, StartsAWorkerAgainThatDiedBetweenTwoPrograms) {
  const std::vector<pid_t> pids = master_->Pids();
  const std::unique_ptr<Legacy> legacy = Save();
  ASSERT_EQ(::kill(pids[1], SIGABRT), 0);
  siginfo_t dead = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pids[1]), &dead, WEXITED | WNOWAIT), 0);
  Become(*legacy);
  Begin();
  ASSERT_TRUE(RunUntil(*master_->loop, [&] {
    const std::vector<pid_t> now = master_->Pids();
    return now.size() == 2 && now[1] != 0 && now[1] != pids[1];
  }));
  EXPECT_EQ(master_->Pids()[0], pids[0]);
  EXPECT_EQ(master_->Report().stats().crashes(), 1u);
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat("(pid ", pids[1], ") was killed by SIGABRT")));
}

TEST_F(SupervisorStateTest, ObeysOnceItHasBegun) {
  Become(*Save());
  std::optional<Outcome> outcome;
  master_->supervisor->Reload([&](const Outcome& result) { outcome = result; });
  ASSERT_TRUE(master_->loop->RunOnce(std::chrono::milliseconds(0)).ok());
  EXPECT_FALSE(outcome.has_value());
  EXPECT_EQ(master_->Report().master().state(), admin::v1::Master::RUNNING);
  Begin();
  ASSERT_TRUE(RunUntil(*master_->loop, [&] { return outcome.has_value(); }));
  EXPECT_TRUE(outcome->status.ok()) << outcome->status;
}

TEST_F(SupervisorStateTest, RefusesPartsThatDoNotFitEachOther) {
  const std::unique_ptr<Legacy> legacy = Save();
  const auto refusal = [&](absl::FunctionRef<void(Supervisor::Saved&)> spoil) {
    Legacy spoilt = *legacy;
    spoil(spoilt.saved);
    Program next;
    DescriptorInheritance inheritance(legacy->keep.numbers());
    return std::string(Restore(spoilt, inheritance, next).message());
  };
  using Saved = Supervisor::Saved;
  EXPECT_EQ(refusal([](Saved&) {}), "");
  EXPECT_THAT(refusal([](Saved& saved) { saved.core.mutable_worker(0)->set_pid(1); }),
              "supervisor.workers: have no process 1 in slot 0, which the core has");
  EXPECT_THAT(
      refusal([](Saved& saved) { saved.rest.mutable_workers()->mutable_workers()->RemoveLast(); }),
      MatchesRegex("supervisor.workers: have no process [0-9]+ in slot 1, which the core has"));
  EXPECT_THAT(refusal([](Saved& saved) { saved.rest.clear_reporter(); }),
              "supervisor.reporter.started: is missing");
  EXPECT_THAT(refusal([](Saved& saved) { saved.rest.mutable_zone_events()->set_last(0); }),
              "supervisor.zone_events.events: are not the last ones");
  EXPECT_EQ(master_->Report().master().state(), admin::v1::Master::RUNNING);
}

}  // namespace
}  // namespace muster::master
