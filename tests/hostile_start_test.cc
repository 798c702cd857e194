// The master started by parents that leave it what no program expects.

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLog[] = "log { path: \"master.log\" }";

bool BlockAll() {
  sigset_t all;
  ::sigfillset(&all);
  return ::sigprocmask(SIG_SETMASK, &all, nullptr) == 0;
}

bool Limit(__rlimit_resource resource, rlim_t soft) {
  rlimit limit = {};
  ::getrlimit(resource, &limit);
  limit.rlim_cur = soft;
  return ::setrlimit(resource, &limit) == 0;
}

bool IsAtGeneration(const admin::v1::Status& status, std::uint64_t generation) {
  return status.master().generation() == generation;
}

mode_t ModeOf(const std::string& path) {
  struct stat file = {};
  return ::stat(path.c_str(), &file) == 0 ? file.st_mode & 07777 : 0;
}

class ClosedDescriptors : public ::testing::TestWithParam<unsigned> {};

TEST_P(ClosedDescriptors, AreNotTakenByWhatTheMasterOpens) {
  RunningMaster muster(RunningMaster::Config(kLog));
  const auto close_some = [] {
    for (int fd = 0; fd <= 2; ++fd) {
      if ((GetParam() >> fd & 1) != 0) ::close(fd);
    }
    return true;
  };

  ASSERT_TRUE(muster.Start(close_some)) << ReadFile(muster.path("master.log"));

  const pid_t pid = muster.master().pid();
  for (int fd = 0; fd <= 2; ++fd) {
    if ((GetParam() >> fd & 1) == 0) continue;
    const std::string link = absl::StrCat("/proc/", pid, "/fd/", fd);
    EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null");
  }
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
}

INSTANTIATE_TEST_SUITE_P(Each, ClosedDescriptors, ::testing::Range(1u, 8u));

TEST(HostileStart, TellsHowAWorkerEndedAlthoughTheParentIgnoredItsOwnChildren) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker());
  ASSERT_TRUE(muster.Start([] { return ::signal(SIGCHLD, SIG_IGN) != SIG_ERR; }));
  const std::vector<pid_t> workers = muster.WorkerPids();
  ASSERT_EQ(workers.size(), 1u);

  ASSERT_EQ(::kill(workers[0], SIGKILL), 0);

  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 1 &&
           absl::StrContains(status.workers(0).last_exit(), "killed by SIGKILL");
  }));
}

TEST(HostileStart, ObeysSignalsThatTheParentBlockedOrIgnored) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start([] {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
    return BlockAll();
  })) << muster.master().errors();

  muster.master().Signal(SIGHUP);
  EXPECT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return IsAtGeneration(status, 2); }));
  muster.master().Signal(SIGTERM);
  EXPECT_EQ(muster.master().Wait(), 0) << muster.master().errors();
}

// The earliest moment at which a signal can come.
TEST(HostileStart, ReloadsForAHangupThatCameBeforeItsFirstInstruction) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start([] { return BlockAll() && ::raise(SIGHUP) == 0; }))
      << muster.master().errors();
  EXPECT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return IsAtGeneration(status, 2); }));
}

TEST(HostileStart, StopsForATerminateThatCameBeforeItsFirstInstruction) {
  RunningMaster muster;
  (void)muster.Start([] { return BlockAll() && ::raise(SIGTERM) == 0; });
  EXPECT_EQ(muster.master().Wait(), 0) << muster.master().errors();
}

TEST(HostileStart, GoesOnWaitingForAnAddressAfterAHangup) {
  RunningMaster first;
  ASSERT_TRUE(first.Start()) << first.master().errors();
  RunningMaster second(
      absl::StrReplaceAll(RunningMaster::Config(), {{"127.0.0.1:0", first.address()}}));

  EXPECT_FALSE(second.Start([] { return BlockAll() && ::raise(SIGHUP) == 0; }));

  EXPECT_THAT(second.master().errors(), HasSubstr("Address already in use"));
  EXPECT_THAT(second.master().errors(), Not(HasSubstr("a signal came")));
}

TEST(HostileStart, LosesNoWorkerToTheLimitOfAFile) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker(kLog));
  constexpr rlim_t kMost = 64 << 20;
  for (const char* name : {"access.log", "master.log"}) {
    WriteFile(muster.path(name), "");
    ASSERT_EQ(::truncate(muster.path(name).c_str(), kMost), 0);
  }
  ASSERT_TRUE(muster.Start([] { return Limit(RLIMIT_FSIZE, kMost); }));
  const std::vector<pid_t> before = muster.WorkerPids();
  ASSERT_TRUE(FetchOnce(muster.address(), "/").has_value());

  // Writes the lines of its access log.
  (void)muster.Ctl({"reopen"});

  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
  EXPECT_EQ(muster.WorkerPids(), before);
}

class FileModes : public ::testing::TestWithParam<mode_t> {};

TEST_P(FileModes, DoNotDependOnTheParentsMask) {
  RunningMaster muster(absl::StrReplaceAll(
      RunningMaster::Config("log { path: \"logs/master.log\" }"),
      {{"\"muster.pid\"", "\"run/muster.pid\""}, {"\"access.log\"", "\"logs/access.log\""}}));
  ASSERT_TRUE(muster.Start([] {
    ::umask(GetParam());
    return true;
  })) << muster.master().errors();

  EXPECT_EQ(ModeOf(muster.path("run")), 0755u);
  EXPECT_EQ(ModeOf(muster.path("logs")), 0755u);
  EXPECT_EQ(ModeOf(muster.path("run/muster.pid")), 0644u);
  EXPECT_EQ(ModeOf(muster.path("run/muster.pid.lock")), 0600u);
  EXPECT_EQ(ModeOf(muster.path("logs/master.log")), 0644u);
  EXPECT_EQ(ModeOf(muster.path("logs/access.log")), 0644u);
  EXPECT_EQ(ModeOf(muster.path("admin.sock")), 0600u);
}

INSTANTIATE_TEST_SUITE_P(Each, FileModes, ::testing::Values(0, 022, 077));

// 2 descriptors for each worker of 2 generations.
TEST(HostileStart, ReloadsMoreWorkersThanTheSoftLimitOfDescriptorsAllows) {
  RunningMaster muster(absl::StrReplaceAll(RunningMaster::Config(),
                                           {{"worker_processes: 2", "worker_processes: 20"}}));
  ASSERT_TRUE(muster.Start([] { return Limit(RLIMIT_NOFILE, 64); })) << muster.master().errors();

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 0) << reload.errors;
}

TEST(HostileStart, RefusesAReloadForWhichTheHardLimitOfDescriptorsIsTooLow) {
  RunningMaster muster(absl::StrReplaceAll(RunningMaster::Config(),
                                           {{"worker_processes: 2", "worker_processes: 20"}}));
  ASSERT_TRUE(muster.Start([] {
    const rlimit low = {90, 90};
    return ::setrlimit(RLIMIT_NOFILE, &low) == 0;
  })) << muster.master().errors();

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, ::testing::ContainsRegex(
                                 "worker_processes: 20 new workers need 40 descriptors of the "
                                 "master, which has [0-9]+ open; its limit .RLIMIT_NOFILE. "
                                 "is 90, and [0-9]+ are needed"));
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
  EXPECT_EQ(muster.WorkerPids().size(), 20u);
}

TEST(HostileStart, GivesWorkersNothingThatIsMeantForTheMasterAlone) {
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC"}) ::setenv(name, "1", 1);
  ::setenv("MUSTER_TEST", "kept", 1);
  RunningMaster muster(RunningMaster::ConfigOfOneWorker(), /*worker=*/"");
  // The title of the process is written over /proc/PID/environ.
  const std::string script = muster.path("worker.sh");
  WriteFile(script, absl::StrCat("#!/bin/sh\nenv >", muster.path("env"), "\nexec ",
                                 std::filesystem::absolute("worker/worker").string(), " \"$@\"\n"));
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  muster.WriteConfig(
      RunningMaster::ConfigOfOneWorker(absl::StrCat("worker_binary: \"", script, "\"")));

  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const std::string environment = ReadFile(muster.path("env"));
  EXPECT_THAT(environment, HasSubstr("MUSTER_TEST=kept\n"));
  EXPECT_THAT(environment, Not(HasSubstr("NOTIFY_SOCKET")));
  EXPECT_THAT(environment, Not(HasSubstr("LISTEN_")));
  EXPECT_THAT(environment, Not(HasSubstr("WATCHDOG_")));
}

TEST(HostileStart, LeavesCtlWithItsOutput) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ChildProcess ctl(muster.folder(),
                   {std::filesystem::absolute("ctl/ctl").string(), "--master",
                    absl::StrCat("unix:", muster.path("admin.sock")), "status"},
                   {}, [] { return ::close(0) == 0 && ::close(1) == 0 && ::close(2) == 0; });
  EXPECT_EQ(ctl.Wait(), 0);
}

}  // namespace
}  // namespace muster::tests
