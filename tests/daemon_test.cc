// master --daemon: the process that was started returns when the daemon serves, or with the reason
// why it does not.

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLog[] = "log { path: \"master.log\" }\n";

class Daemon : public testing::Test {
 protected:
  explicit Daemon(const std::string& more = kLog, const std::string& worker = "worker/worker")
      : muster_(RunningMaster::Config(more), worker) {}
  ~Daemon() override {
    if (!process_.valid()) return;
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
    EXPECT_TRUE(AwaitDeath(process_.get()));
  }

  std::vector<std::string> Arguments() const {
    return {"-c", muster_.path("muster.textproto"), "--daemon"};
  }
  // Starts it, and knows its process from the pid file.
  Finished Begin() {
    Finished finished = muster_.Master(Arguments());
    if (absl::SimpleAtoi(ReadFile(muster_.path("muster.pid")), &pid_)) {
      process_ = OpenProcess(pid_);
    }
    if (finished.exit == 0) muster_.Connect();
    return finished;
  }
  std::string LogText() const { return ReadFile(muster_.path("master.log")); }

  RunningMaster muster_;
  pid_t pid_ = 0;
  ipc::UniqueFd process_;
};

std::string LinkOf(pid_t pid, const std::string& name) {
  std::error_code error;
  return fs::read_symlink(absl::StrCat("/proc/", pid, "/fd/", name), error).string();
}

TEST_F(Daemon, ServesWhenItsStarterReturns) {
  const Finished begin = Begin();
  ASSERT_EQ(begin.exit, 0) << begin.errors;
  EXPECT_EQ(begin.output, "");
  EXPECT_EQ(begin.errors, "");
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_EQ(muster_.Status().master().pid(), pid_) << "the pid file names it";

  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  EXPECT_TRUE(AwaitDeath(process_.get()));
  EXPECT_FALSE(fs::exists(muster_.path("muster.pid")));
  EXPECT_THAT(LogText(), HasSubstr("the master exits with 0"));
}

TEST_F(Daemon, HasASessionOfItsOwnAndNothingOfItsStarter) {
  ASSERT_EQ(Begin().exit, 0);
  EXPECT_EQ(::getsid(pid_), pid_);
  std::vector<pid_t> processes = muster_.WorkerPids();
  ASSERT_EQ(processes.size(), 2u);
  processes.push_back(pid_);
  for (const pid_t process : processes) {
    EXPECT_EQ(LinkOf(process, "0"), "/dev/null");
    EXPECT_EQ(LinkOf(process, "1"), "/dev/null");
    // Workers have it lead to their log.
    EXPECT_EQ(LinkOf(process, "2"), process == pid_ ? "/dev/null" : muster_.path("master.log"));
    for (const auto& entry : fs::directory_iterator(absl::StrCat("/proc/", process, "/fd"))) {
      const std::string link = LinkOf(process, entry.path().filename().string());
      // The files of the standard output and error that the test gave to the starter, once more
      // under other numbers.
      EXPECT_FALSE(absl::StrContains(link, "/child-")) << link;
    }
  }
}

TEST_F(Daemon, IsOneOnly) {
  ASSERT_EQ(Begin().exit, 0);
  const Finished second = muster_.Master(Arguments());
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.errors, HasSubstr("pid_file"));
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

TEST_F(Daemon, KeepsItsLogInAFileOverReloads) {
  ASSERT_EQ(Begin().exit, 0);
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  for (const char* log : {"", "log { path: '/dev/stderr' }\n"}) {
    muster_.WriteConfig(RunningMaster::Config(log));
    const Finished reload = muster_.Ctl({"reload"});
    EXPECT_EQ(reload.exit, 1);
    EXPECT_THAT(reload.errors, HasSubstr("log.path: "));
    EXPECT_THAT(reload.errors, HasSubstr("--daemon"));
    EXPECT_EQ(muster_.Ctl({"config", "check"}).exit, 1);
  }
  EXPECT_THAT(LogText(), HasSubstr("generation 2 goes on serving"));
}

TEST_F(Daemon, TellsWhyItDoesNotStart) {
  muster_.WriteConfig(
      absl::StrReplaceAll(RunningMaster::Config(kLog), {{"127.0.0.1:0", "192.0.2.1:8080"}}));
  const Finished begin = Begin();
  EXPECT_EQ(begin.exit, 1);
  EXPECT_THAT(begin.errors, HasSubstr("bind 192.0.2.1:8080: Cannot assign requested address"));
  EXPECT_THAT(LogText(), HasSubstr("bind 192.0.2.1:8080: Cannot assign requested address"));
  EXPECT_FALSE(fs::exists(muster_.path("muster.pid")));
}

TEST_F(Daemon, NeedsALogThatIsAFile) {
  for (const char* log : {"", "log { path: '/dev/stdout' }\n"}) {
    muster_.WriteConfig(RunningMaster::Config(log));
    const Finished begin = Begin();
    EXPECT_EQ(begin.exit, 1);
    EXPECT_THAT(begin.errors, HasSubstr("log.path: "));
    EXPECT_THAT(begin.errors, HasSubstr("--daemon"));
  }
  muster_.WriteConfig(
      absl::StrReplaceAll(RunningMaster::Config(kLog), {{"\"access.log\"", "\"/dev/stdout\""}}));
  EXPECT_THAT(Begin().errors, HasSubstr("http.access_log.path: "));
}

// Workers that only a launcher can start.
TEST_F(Daemon, StartsItsWorkersWithALauncher) {
  muster_.WriteConfig(RunningMaster::Config(absl::StrCat(kLog, "limits { core: 0 }\n")));
  const Finished begin = Begin();
  ASSERT_EQ(begin.exit, 0) << begin.errors;
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

class DaemonOfAScript : public Daemon {
 protected:
  DaemonOfAScript() : Daemon(absl::StrCat(kLog, "worker_binary: \"mine\"\n"), "") {}

  // What a worker does, apart from telling what it is.
  void WriteWorker(const std::string& act) {
    const std::string path = muster_.path("mine");
    WriteFile(path, absl::StrCat("#!/bin/sh\ncase $1 in --describe) exec ",
                                 fs::absolute("worker/worker").string(), " --describe ;; esac\n",
                                 act, "\n"));
    fs::permissions(path, fs::perms::owner_all);
  }
};

TEST_F(DaemonOfAScript, TellsWhyItsFirstWorkerDoesNotServe) {
  WriteWorker("exit 7");
  const Finished begin = Begin();
  EXPECT_EQ(begin.exit, 1);
  EXPECT_THAT(begin.errors, HasSubstr("exited with code 7"));
  EXPECT_THAT(begin.errors, Not(HasSubstr("cannot become")));
}

TEST_F(DaemonOfAScript, EndsWithItsStarterUntilItServes) {
  WriteWorker(absl::StrCat("echo begun >", muster_.path("begun"), "; exec sleep 600"));
  std::vector<std::string> arguments = Arguments();
  arguments.insert(arguments.begin(), fs::absolute("master/master").string());
  ChildProcess starter(muster_.folder(), arguments);
  while (!fs::exists(muster_.path("begun"))) ASSERT_FALSE(starter.has_ended());
  starter.Signal(SIGTERM);
  EXPECT_EQ(starter.Wait(), 1);
  EXPECT_THAT(starter.errors(), HasSubstr("it was stopped before it served"));
  EXPECT_THAT(LogText(), HasSubstr("the master exits with"));
}

}  // namespace
}  // namespace muster::tests
