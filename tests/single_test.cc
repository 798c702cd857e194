// master --single: one worker, which a debugger may stop, and with which the master ends.

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kGdb[] = "/usr/bin/gdb";

class Single : public testing::Test {
 protected:
  explicit Single(const std::string& more = "", const std::string& worker = "worker/worker")
      : muster_(RunningMaster::Config(more), worker) {
    muster_.SetArguments({"--single"});
  }

  RunningMaster muster_;
};

TEST_F(Single, HasOneWorkerWithWhatTheMasterHasOfItsTerminal) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const std::vector<pid_t> workers = muster_.WorkerPids();
  ASSERT_EQ(workers.size(), 1u);
  const pid_t master = muster_.master().pid();
  for (const char* number : {"0", "1", "2"}) {
    EXPECT_EQ(fs::read_symlink(absl::StrCat("/proc/", workers[0], "/fd/", number)),
              fs::read_symlink(absl::StrCat("/proc/", master, "/fd/", number)));
  }
  EXPECT_EQ(::getpgid(workers[0]), ::getpgid(master)) << "the terminal's keys are for both";
  EXPECT_EQ(::getsid(workers[0]), ::getsid(master));
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

TEST_F(Single, EndsAsTheWorkerDoesThatIsKilled) {
  for (const int signal : {SIGSEGV, SIGKILL}) {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    ASSERT_EQ(::kill(muster_.WorkerPids().at(0), signal), 0);
    EXPECT_EQ(muster_.master().Wait(), 128 + signal);
    EXPECT_THAT(muster_.master().errors(),
                HasSubstr("--single: the master ends with worker 0 of generation 1"));
  }
}

TEST_F(Single, EndsWithBothAtTheKeyOfTheTerminal) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t worker = muster_.WorkerPids().at(0);
  const ipc::UniqueFd process = OpenProcess(worker);
  // As a terminal does it: to all processes of the group.
  ASSERT_EQ(::kill(-::getpgid(worker), SIGINT), 0);
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
  EXPECT_TRUE(AwaitDeath(process.get()));
}

TEST_F(Single, QuitsAsEver) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  muster_.master().Signal(SIGQUIT);
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

TEST_F(Single, ReloadsAsEver) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t before = muster_.WorkerPids().at(0);
  const Finished reload = muster_.Ctl({"reload", "--wait", "drained"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  const std::vector<pid_t> workers = muster_.WorkerPids();
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_NE(workers[0], before);
}

TEST_F(Single, CanBeStoppedByADebugger) {
  if (::access(kGdb, X_OK) != 0) GTEST_SKIP() << "gdb is not installed";
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t worker = muster_.WorkerPids().at(0);
  ChildProcess gdb(
      muster_.folder(),
      {kGdb, "-q", "-batch", "-nx", "-p", absl::StrCat(worker), "-ex", "break accept4", "-ex",
       "echo set\\n", "-ex", "continue", "-ex", "backtrace", "-ex", "delete", "-ex", "detach"});
  ASSERT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(gdb.output(), "set\n") || gdb.has_ended();
  })) << gdb.output();
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value()) << gdb.output() << gdb.errors();
  EXPECT_EQ(gdb.Wait(), 0);
  EXPECT_THAT(gdb.output(), HasSubstr("Breakpoint 1, "));
  EXPECT_THAT(gdb.output(), HasSubstr("#1 "));
  EXPECT_EQ(muster_.WorkerPids().at(0), worker);
}

class SingleOfAScript : public Single {
 protected:
  SingleOfAScript() : Single("worker_binary: \"mine\"\n", "") {}

  // What it does, apart from telling what it is.
  void WriteWorker(const std::string& act) {
    const std::string path = muster_.path("mine");
    WriteFile(path, absl::StrCat("#!/bin/sh\nworker=", fs::absolute("worker/worker").string(),
                                 "\ncase $1 in --describe) exec $worker --describe ;; esac\n", act,
                                 "\n"));
    fs::permissions(path, fs::perms::owner_all);
  }
};

TEST_F(SingleOfAScript, CanBeStoppedByADebuggerBeforeItBegins) {
  if (::access(kGdb, X_OK) != 0) GTEST_SKIP() << "gdb is not installed";
  WriteWorker(absl::StrCat("echo $$ >", muster_.path("pid.new"), "; mv ", muster_.path("pid.new"),
                           " ", muster_.path("pid"), "; kill -STOP $$; exec $worker"));
  muster_.Launch();
  while (!fs::exists(muster_.path("pid"))) ASSERT_FALSE(muster_.master().has_ended());
  pid_t worker = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ReadFile(muster_.path("pid")), &worker));
  while (!absl::StrContains(ReadFile(absl::StrCat("/proc/", worker, "/status")), "\tT (stopped)")) {
    ASSERT_FALSE(muster_.master().has_ended());
  }
  ChildProcess gdb(muster_.folder(),
                   {kGdb,     "-q",
                    "-batch", "-nx",
                    "-p",     absl::StrCat(worker),
                    "-ex",    "handle SIGSTOP nostop nopass",
                    "-ex",    "handle SIGCONT nostop",
                    "-ex",    "set breakpoint pending on",
                    "-ex",    "break muster::worker::WorkerProcess::PrepareToServe",
                    "-ex",    "signal SIGCONT",
                    "-ex",    "backtrace",
                    "-ex",    "delete",
                    "-ex",    "detach"});
  ASSERT_EQ(gdb.Wait(), 0) << gdb.output() << gdb.errors();
  EXPECT_THAT(gdb.output(), HasSubstr("in muster::worker::WorkerProcess::PrepareToServe("));
  ASSERT_EQ(::kill(worker, SIGCONT), 0);
  muster_.Connect();
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers_size() == 1 && status.workers(0).pid() == worker &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  })) << muster_.master().errors();
}

TEST_F(SingleOfAScript, KeepsItsWorkerIfTheOneThatWouldReplaceItCannotStart) {
  WriteWorker(absl::StrCat("[ -e ", muster_.path("fail"), " ] && exit 7; exec $worker"));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t worker = muster_.WorkerPids().at(0);
  WriteFile(muster_.path("fail"), "");
  for (const std::vector<std::string>& order : std::vector<std::vector<std::string>>{
           {"reload"}, {"restart"}, {"worker", "restart", "0"}, {"scale", "2"}}) {
    EXPECT_EQ(muster_.Ctl(order).exit, 1) << order[0];
    EXPECT_EQ(muster_.WorkerPids(), std::vector<pid_t>{worker}) << order[0];
  }
}

TEST_F(SingleOfAScript, EndsAsTheWorkerDoesThatCannotStart) {
  WriteWorker("exit 7");
  EXPECT_FALSE(muster_.Start());
  EXPECT_EQ(muster_.master().Wait(), 7) << muster_.master().errors();
  EXPECT_THAT(muster_.master().errors(), HasSubstr("exited with code 7"));
}

}  // namespace
}  // namespace muster::tests
