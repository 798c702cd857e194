// Children of the master that it did not start.

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

// The children of `parent` that are dead and not reaped.
std::vector<pid_t> ZombiesOf(pid_t parent) {
  std::vector<pid_t> zombies;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const std::string stat = ReadFile(entry.path().string() + "/stat");
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string::npos) continue;
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
    if (fields[0] == "Z" && fields[1] == absl::StrCat(parent)) zombies.push_back(pid);
  }
  return zombies;
}

bool AwaitNoZombieOf(pid_t parent) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (ZombiesOf(parent).empty()) return true;
  }
  return false;
}

// A worker program that first makes an orphan, which is dead when the worker serves.
class MasterWithOrphan {
 public:
  MasterWithOrphan() : muster_(RunningMaster::ConfigOfOneWorker(), /*worker=*/"") {
    const std::string script = muster_.path("worker.sh");
    WriteFile(script,
              absl::StrCat("#!/bin/sh\nsh -c '(echo $(sh -c \"echo \\$PPID\") >",
                           muster_.path("orphan.new"), "; mv ", muster_.path("orphan.new"), " ",
                           muster_.path("orphan"), ") & '\nuntil test -f ", muster_.path("orphan"),
                           "; do :; done\nexec ",
                           std::filesystem::absolute("worker/worker").string(), " \"$@\"\n"));
    ::chmod(script.c_str(), 0700);
    muster_.WriteConfig(
        RunningMaster::ConfigOfOneWorker(absl::StrCat("worker_binary: \"", script, "\"")));
  }

  RunningMaster& muster() { return muster_; }
  bool HasMadeOrphan() const { return !ReadFile(muster_.path("orphan")).empty(); }

 private:
  RunningMaster muster_;
};

TEST(AdoptedChildren, OfBeforeTheExecAreReaped) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start([] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t dead = {};
    return ::waitid(P_PID, static_cast<id_t>(child), &dead, WEXITED | WNOWAIT) == 0;
  })) << muster.master().errors();
  EXPECT_TRUE(AwaitNoZombieOf(muster.master().pid()));
}

TEST(AdoptedChildren, AreReapedByAMasterThatAdoptsOrphans) {
  MasterWithOrphan test;
  ASSERT_TRUE(test.muster().Start([] { return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; }))
      << test.muster().master().errors();
  EXPECT_TRUE(test.HasMadeOrphan());
  EXPECT_TRUE(AwaitNoZombieOf(test.muster().master().pid()));
}

TEST(AdoptedChildren, DoNotHideHowAWorkerEnded) {
  MasterWithOrphan test;
  ASSERT_TRUE(test.muster().Start([] { return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; }))
      << test.muster().master().errors();
  const std::vector<pid_t> workers = test.muster().WorkerPids();
  ASSERT_EQ(workers.size(), 1u);

  ASSERT_EQ(::kill(workers[0], SIGKILL), 0);

  EXPECT_TRUE(test.muster().AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 1 &&
           absl::StrContains(status.workers(0).last_exit(), "killed by SIGKILL");
  }));
  EXPECT_TRUE(AwaitNoZombieOf(test.muster().master().pid()));
}

// The process that becomes the first of a pid namespace with a /proc of its own. The caller waits
// for it, and ends as it does.
bool BecomeFirstOfNamespace() {
  if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) return false;
  const pid_t first = ::fork();
  if (first != 0) {
    int status = 0;
    if (first > 0) ::waitpid(first, &status, 0);
    ::_exit(first > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 124);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
}

bool MayBecomeFirstOfNamespace() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(BecomeFirstOfNamespace() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

pid_t OnlyChildOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/task/", pid, "/children"));
  pid_t child = 0;
  file >> child;
  return child;
}

TEST(AdoptedChildren, AreReapedByTheFirstProcessOfANamespace) {
  if (!MayBecomeFirstOfNamespace()) GTEST_SKIP() << "this user may not make a pid namespace";
  MasterWithOrphan test;
  ASSERT_TRUE(test.muster().Start(BecomeFirstOfNamespace)) << test.muster().master().errors();
  ASSERT_EQ(test.muster().Status().master().pid(), 1);
  EXPECT_TRUE(test.HasMadeOrphan());

  EXPECT_TRUE(AwaitNoZombieOf(OnlyChildOf(test.muster().master().pid())));

  EXPECT_TRUE(FetchOnce(test.muster().address(), "/").has_value());
  EXPECT_EQ(test.muster().Ctl({"quit"}).exit, 0);
  EXPECT_EQ(test.muster().master().Wait(), 0);
}

}  // namespace
}  // namespace muster::tests
