// A program that cannot take a running master's place, or fails while it does: the master goes on
// as if nothing had been.

#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/await.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/installed_program.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using admin::v1::Status;
using admin::v1::Upgrade;
using ::testing::HasSubstr;

// The master that was there before serves in the same process, as before.
void ExpectAsBefore(RunningMaster& muster, const std::string& program,
                    const std::vector<pid_t>& workers, HttpClient& client) {
  EXPECT_EQ(ProgramOf(muster.master().pid()), program);
  EXPECT_TRUE(muster.AwaitStatus([&](const Status& status) {
    return status.master().generation() == 1 && status.workers_size() == 2 &&
           status.master().state() == admin::v1::Master::RUNNING;
  })) << muster.Status().DebugString();
  EXPECT_EQ(muster.WorkerPids(), workers);
  const auto response = client.Get("/");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  // It starts workers and waits for them, as it did.
  ASSERT_EQ(::kill(workers[0], SIGKILL), 0);
  EXPECT_TRUE(muster.AwaitStatus([&](const Status& status) {
    return status.stats().crashes() == 1 && status.workers_size() == 2 &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  })) << muster.Status().DebugString();
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
}

// Each program that cannot be, and why not.
TEST(UpgradeRefused, ByTheFile) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string program = ProgramOf(muster.master().pid());
  const std::vector<pid_t> workers = muster.WorkerPids();
  HttpClient client(muster.address());
  const std::string stranger = InstallProgram(muster, "/bin/true", "stranger");
  const std::string plain = InstallProgram(muster, "master/master", "plain");
  ::chmod(plain.c_str(), 0644);
  const std::string open = InstallProgram(muster, "master/master", "open");
  ::chmod(open.c_str(), 0777);
  WriteFile(muster.path("script"), "#!/bin/sh\nexec true\n");
  ::chmod(muster.path("script").c_str(), 0755);
  const auto refusal = [&](const std::string& file) {
    const Finished upgrade = muster.Ctl({"upgrade", "--master", file});
    EXPECT_EQ(upgrade.exit, 1) << file;
    EXPECT_THAT(upgrade.output + upgrade.errors, HasSubstr("refused, nothing changed: ")) << file;
    EXPECT_THAT(upgrade.output + upgrade.errors, HasSubstr(file));
    return upgrade.output + upgrade.errors;
  };
  EXPECT_THAT(refusal(stranger), HasSubstr("gave no verdict"));
  EXPECT_THAT(refusal(plain), HasSubstr("cannot be executed"));
  EXPECT_THAT(refusal(open), HasSubstr("lets others than its owner"));
  EXPECT_THAT(refusal(muster.path("script")), HasSubstr("a script"));
  EXPECT_THAT(refusal(muster.path("missing")), HasSubstr("No such file"));
  EXPECT_EQ(muster.Status().master().upgrade().state(), Upgrade::REFUSED);
  ExpectAsBefore(muster, program, workers, client);
}

TEST(UpgradeRefused, ByAWorkerProgramThatIsNone) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished upgrade =
      muster.Ctl({"upgrade", "--worker", InstallProgram(muster, "/bin/true", "stranger")});
  EXPECT_EQ(upgrade.exit, 1);
  EXPECT_THAT(upgrade.output + upgrade.errors, HasSubstr("it is not a worker program of muster"));
}

struct Fault {
  const char* step;
  const char* way;
  const char* outcome;  // of what ctl prints
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.step << "=" << fault.way; }

class UpgradeWithAFault : public ::testing::TestWithParam<Fault> {};

TEST_P(UpgradeWithAFault, LeavesTheMasterAsItWas) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string program = ProgramOf(muster.master().pid());
  const std::vector<pid_t> workers = muster.WorkerPids();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Get("/").has_value());
  const std::string faulty = InstallFaultyMaster(muster, GetParam().step, GetParam().way);
  const Finished upgrade = muster.Ctl({"upgrade", "--master", faulty});
  EXPECT_EQ(upgrade.exit, 1);
  const std::string said = upgrade.output + upgrade.errors;
  EXPECT_THAT(said, HasSubstr(GetParam().outcome));
  ExpectAsBefore(muster, program, workers, client);
}

constexpr char kWorkers[] = "restoring the workers";
INSTANTIATE_TEST_SUITE_P(
    Ways, UpgradeWithAFault,
    ::testing::Values(
        Fault{kWorkers, "trial-kill", "refused, nothing changed: "},
        Fault{kWorkers, "trial-segv", "refused, nothing changed: "},
        Fault{kWorkers, "refuse", "undone: it refuses, for a test"},
        Fault{kWorkers, "exit", "undone: it called exit while it was restoring the workers"},
        Fault{kWorkers, "abort", "undone: it got SIGABRT while it was restoring the workers"},
        Fault{kWorkers, "segv", "undone: it got SIGSEGV while it was restoring the workers"},
        Fault{kWorkers, "thread", "undone: it got SIGSEGV"},
        Fault{kWorkers, "overflow", "undone: it got SIGSEGV"},
        Fault{kWorkers, "thread-overflow", "undone: it got SIGSEGV"},
        Fault{kWorkers, "hang", "undone: it had not reported within 10000 ms"}),
    [](const auto& fault) {
      return absl::StrReplaceAll(fault.param.way, {{"-", ""}});
    });
INSTANTIATE_TEST_SUITE_P(
    Steps, UpgradeWithAFault,
    ::testing::Values(Fault{"reading the state", "segv", "undone: it got SIGSEGV"},
                      Fault{"restoring its log", "abort", "undone: it got SIGABRT"},
                      Fault{"restoring the pid file", "exit", "undone: it called exit"},
                      Fault{"restoring the records", "segv", "undone: it got SIGSEGV"},
                      Fault{"restoring the programs", "refuse", "undone: it refuses"},
                      Fault{"making its loop", "segv", "undone: it got SIGSEGV"},
                      Fault{"starting its admin service", "exit", "undone: it called exit"},
                      Fault{"running its loop", "segv", "undone: it got SIGSEGV"}),
    [](const auto& fault) {
      return absl::StrReplaceAll(fault.param.step, {{" ", ""}});
    });

// What happens while no program has the loop: the next one stands still at a step.
class UpgradeInTheGap : public ::testing::Test {
 protected:
  explicit UpgradeInTheGap(const std::string& config = RunningMaster::Config()) : muster_(config) {}
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    workers_ = muster_.WorkerPids();
    next_ = InstallFaultyMaster(muster_, "making its loop", "wait");
    ctl_ = std::make_unique<std::thread>([this] {
      outcome_ = muster_.Ctl({"upgrade", "--master", next_});
    });
    ASSERT_TRUE(Await([&] { return fs::exists(next_ + ".waits"); }));
  }
  void TearDown() override {
    if (ctl_ != nullptr) GoOn();
  }
  void GoOn() {
    WriteFile(next_ + ".go", "");
    ctl_->join();
    ctl_.reset();
  }

  RunningMaster muster_;
  std::string next_;
  std::vector<pid_t> workers_;
  std::unique_ptr<std::thread> ctl_;
  Finished outcome_;
};

TEST_F(UpgradeInTheGap, AWorkerThatIsKilledIsStartedAgainAndItsStatusIsTold) {
  ASSERT_EQ(::kill(workers_[0], SIGKILL), 0);
  GoOn();
  EXPECT_EQ(outcome_.exit, 0) << outcome_.errors << outcome_.output;
  EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
    return status.stats().crashes() == 1 && status.workers_size() == 2 &&
           status.master().generation() == 2;
  })) << muster_.Status().DebugString();
  EXPECT_THAT(muster_.master().errors(), HasSubstr("killed by SIGKILL"));
}

class UpgradeInTheGapOfOneWorker : public UpgradeInTheGap {
 protected:
  UpgradeInTheGapOfOneWorker()
      : UpgradeInTheGap(RunningMaster::ConfigOfOneWorker("crash_loop_limit: 1")) {}
};

// The last one, which is not started again, is no reason not to start the next ones.
TEST_F(UpgradeInTheGapOfOneWorker, TheNextServesThoughItsDeathIsOneTooMany) {
  ASSERT_EQ(::kill(workers_[0], SIGKILL), 0);
  GoOn();
  EXPECT_EQ(outcome_.exit, 0) << outcome_.errors << outcome_.output;
  EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
    return status.master().generation() == 2 && status.workers_size() == 1 &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  })) << muster_.Status().DebugString();
}

TEST_F(UpgradeInTheGap, AReloadIsDoneAfterwards) {
  muster_.master().Signal(SIGHUP);
  GoOn();
  EXPECT_EQ(outcome_.exit, 0) << outcome_.errors << outcome_.output;
  EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
    return status.master().generation() == 3 && status.workers_size() == 2;
  })) << muster_.Status().DebugString();
}

TEST_F(UpgradeInTheGap, AStopIsObeyed) {
  muster_.master().Signal(SIGTERM);
  GoOn();
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

TEST_F(UpgradeInTheGap, AMasterThatIsKilledLeavesTheWayFreeForTheNext) {
  muster_.master().Signal(SIGKILL);
  EXPECT_TRUE(muster_.master().Wait().has_value());
  GoOn();
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

}  // namespace
}  // namespace muster::tests
