// A change whose caller does not wait for it: what ctl is told, and what the master does.

#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using admin::v1::Master;
using admin::v1::Status;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A configuration of two workers with this program.
std::string ConfigOf(const std::string& worker) {
  return RunningMaster::Config(absl::StrCat("worker_binary: \"", worker, "\"\n"));
}
std::string Worker() { return std::filesystem::absolute("worker/worker").string(); }

// A master that serves, and whose next workers never get ready.
class Withdrawal : public testing::Test {
 protected:
  Withdrawal() : muster_(ConfigOf(Worker()), "") {}
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    WriteFile(muster_.path("hangs"), "#!/bin/sh\nexec sleep 600\n");
    ASSERT_EQ(::chmod(muster_.path("hangs").c_str(), 0700), 0);
    muster_.WriteConfig(ConfigOf("hangs"));
  }

  // Returns when it is under way.
  std::unique_ptr<ChildProcess> BeginReload() {
    auto ctl = std::make_unique<ChildProcess>(
        muster_.folder(),
        std::vector<std::string>{std::filesystem::absolute("ctl/ctl").string(), "--master",
                                 absl::StrCat("unix:", muster_.path("admin.sock")), "reload"});
    EXPECT_TRUE(
        muster_.AwaitStatus([](const Status& status) { return status.workers_size() == 4; }));
    return ctl;
  }
  void ExpectNothingIsLeftOfTheReload() {
    EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
      return status.master().state() == Master::RUNNING && status.workers_size() == 2;
    }));
    const Status status = muster_.Status();
    EXPECT_EQ(status.master().generation(), 1u);
    EXPECT_EQ(status.stats().reloads_refused(), 1u);
  }

  RunningMaster muster_;
};

TEST_F(Withdrawal, UndoesAReloadThatIsNotCompleteBeforeTheDeadlineOfItsCall) {
  const Finished reload = muster_.Ctl({"--timeout", "5s", "reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors,
              MatchesRegex("ctl: reload refused, generation 1 goes on serving: the deadline of its "
                           "call came before worker 0 of generation 2 \\(pid [0-9]+\\) and 1 more "
                           "were ready\n"));
  ExpectNothingIsLeftOfTheReload();
}

TEST_F(Withdrawal, UndoesAReloadWhoseCallerIsInterrupted) {
  const auto ctl = BeginReload();
  ctl->Signal(SIGINT);
  EXPECT_EQ(ctl->Wait(), -SIGINT);
  ExpectNothingIsLeftOfTheReload();
  EXPECT_THAT(muster_.Status().master().last_reload_error(),
              ContainsRegex("^its caller (hung up|cancelled it) before worker 0 of generation 2 "));
}

TEST_F(Withdrawal, GoesOnWithAReloadThatASignalAskedForAsWell) {
  const auto first = BeginReload();
  muster_.master().Signal(SIGHUP);
  ASSERT_TRUE(muster_.AwaitStatus([&](const Status&) {
    return muster_.master().errors().find("got SIGHUP") != std::string::npos;
  }));
  ChildProcess second(muster_.folder(), {std::filesystem::absolute("ctl/ctl").string(), "--master",
                                         absl::StrCat("unix:", muster_.path("admin.sock")),
                                         "--timeout", "6s", "reload"});
  ASSERT_TRUE(muster_.AwaitStatus([&](const Status&) {
    const std::string said = muster_.master().errors();
    return said.rfind("reload asked for") != said.find("reload asked for");
  }));
  first->Signal(SIGKILL);
  EXPECT_EQ(second.Wait(), 4);
  EXPECT_THAT(second.errors(),
              HasSubstr("ctl: the reload goes on, since others wait for it, too: the deadline of "
                        "its call came; ask ctl status\n"));
  EXPECT_EQ(muster_.Status().master().state(), Master::RELOADING);
}

TEST_F(Withdrawal, TellsThatAPauseGoesOn) {
  const pid_t worker = muster_.WorkerPids().front();
  ASSERT_EQ(::kill(worker, SIGSTOP), 0);
  const Finished pause = muster_.Ctl({"--timeout", "5s", "pause"});
  EXPECT_EQ(pause.exit, 4);
  EXPECT_EQ(pause.errors,
            "ctl: the pause goes on: the deadline of its call came; ask ctl status\n");
  ::kill(worker, SIGCONT);
  EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
    return status.master().state() == Master::PAUSED && status.workers_size() == 0;
  }));
}

}  // namespace
}  // namespace muster::tests
