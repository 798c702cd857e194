// Another program in the place of a running master, by an order and back by an order or by itself.

#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/await.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/installed_program.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using admin::v1::Status;
using admin::v1::Upgrade;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::vector<std::string> Descriptors(pid_t pid) {
  std::vector<std::string> targets;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(absl::StrCat("/proc/", pid, "/fd"), error)) {
    std::string target = fs::read_symlink(entry.path(), error).string();
    // The master's own program has another name, and the history has the workers' of ten
    // generations.
    if (absl::EndsWith(target, "/master") || absl::EndsWith(target, "/next") ||
        absl::EndsWith(target, "/worker")) {
      continue;
    }
    // The numbers of sockets and pipes are their own.
    targets.push_back(target.substr(0, target.find(":[")));
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

bool AwaitUpgrade(RunningMaster& muster, Upgrade::State state) {
  return muster.AwaitStatus(
      [&](const Status& status) { return status.master().upgrade().state() == state; });
}

TEST(Upgrade, ChangesProgramAndWorkersInTheSameProcessAndClosesNoConnection) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t pid = muster.master().pid();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Get("/").has_value());
  const Status before = muster.Status();
  const std::string next = InstallProgram(muster, "master/master", "next");
  const std::vector<std::string> descriptors = Descriptors(pid);
  Load load(muster.address(), "/", {.keep_alive = 2, .connection_per_request = 2});
  ASSERT_TRUE(load.AwaitMore(50));

  const Finished upgrade = muster.Ctl({"upgrade", "--master", next});
  ASSERT_EQ(upgrade.exit, 0) << upgrade.errors << upgrade.output << muster.master().errors();
  EXPECT_THAT(upgrade.output, ContainsRegex("^upgraded [0-9.]+ to [0-9.]+ in [0-9]+ ms; on trial"));

  ASSERT_TRUE(load.AwaitMore(50));
  load.Stop();
  EXPECT_EQ(load.failed(), 0u);
  EXPECT_EQ(load.closed(), 0u);
  EXPECT_EQ(muster.master().pid(), pid);
  EXPECT_EQ(ProgramOf(pid), next);
  ASSERT_TRUE(muster.AwaitStatus([](const Status& status) {
    return status.master().generation() == 2 && status.workers_size() == 2;
  })) << muster.Status().DebugString();
  const Status after = muster.Status();
  EXPECT_EQ(after.master().start_time().seconds(), before.master().start_time().seconds());
  EXPECT_GE(after.stats().total().requests(), before.stats().total().requests() + 100);
  EXPECT_EQ(after.master().upgrade().state(), Upgrade::ON_TRIAL);
  const auto response = client.Get("/");
  ASSERT_TRUE(response.has_value()) << "the connection from before is closed";

  ASSERT_EQ(muster.Ctl({"commit"}).exit, 0);
  EXPECT_EQ(muster.Status().master().upgrade().state(), Upgrade::COMMITTED);
  EXPECT_TRUE(Await([&] { return Descriptors(pid) == descriptors; }))
      << absl::StrJoin(Descriptors(pid), " ") << " and not " << absl::StrJoin(descriptors, " ");
  EXPECT_EQ(muster.Ctl({"undo"}).exit, 1) << "there is nothing to go back to";
}

TEST(Upgrade, IsUndoneByAnOrderUnderLoad) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t pid = muster.master().pid();
  const std::string first = ProgramOf(pid);
  const std::string next = InstallProgram(muster, "master/master", "next");
  // With this test's own connection, which has two.
  ASSERT_EQ(muster.Status().workers_size(), 2);
  const std::vector<std::string> descriptors = Descriptors(pid);
  Load load(muster.address(), "/", {.keep_alive = 2, .connection_per_request = 2});
  for (int round = 0; round < 3; ++round) {
    const Finished upgrade = muster.Ctl({"upgrade", "--master", next});
    ASSERT_EQ(upgrade.exit, 0) << upgrade.errors << upgrade.output;
    EXPECT_EQ(ProgramOf(pid), next);
    ASSERT_TRUE(load.AwaitMore(20));
    const Finished undo = muster.Ctl({"undo"});
    ASSERT_EQ(undo.exit, 0) << undo.errors << undo.output;
    EXPECT_EQ(ProgramOf(pid), first);
    ASSERT_TRUE(load.AwaitMore(20));
  }
  load.Stop();
  EXPECT_EQ(load.failed(), 0u);
  EXPECT_EQ(load.closed(), 0u);
  EXPECT_TRUE(muster.AwaitStatus([](const Status& status) { return status.workers_size() == 2; }));
  EXPECT_TRUE(Await([&] { return Descriptors(pid) == descriptors; }))
      << absl::StrJoin(Descriptors(pid), " ") << " and not " << absl::StrJoin(descriptors, " ");
}

TEST(Upgrade, CanBeUndoneWhenAnUndoHasFailed) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string before = InstallFaultyMaster(muster, "no step", "none");
  ASSERT_EQ(muster.Ctl({"upgrade", "--master", before}).exit, 0);
  ASSERT_EQ(muster.Ctl({"commit"}).exit, 0);
  const std::string next = InstallProgram(muster, "master/master", "next");
  ASSERT_EQ(muster.Ctl({"upgrade", "--master", next}).exit, 0);
  WriteFile(before + ".fault", "making its loop=segv\n");

  const Finished failed = muster.Ctl({"undo"});
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.errors, HasSubstr("the undo failed: it got SIGSEGV"));
  EXPECT_EQ(ProgramOf(muster.master().pid()), next);
  EXPECT_EQ(muster.Status().master().upgrade().state(), Upgrade::ON_TRIAL);

  WriteFile(before + ".fault", "no step=none\n");
  const Finished undo = muster.Ctl({"undo"});
  EXPECT_EQ(undo.exit, 0) << undo.errors;
  EXPECT_EQ(ProgramOf(muster.master().pid()), before);
}

TEST(Upgrade, IsAskedForByASignalAndTakesThePathOfTheStart) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.master().Signal(SIGUSR2);
  ASSERT_TRUE(AwaitUpgrade(muster, Upgrade::ON_TRIAL)) << muster.Status().DebugString();
  EXPECT_EQ(muster.Status().master().upgrade().by(), "SIGUSR2");
}

TEST(Upgrade, GoesBackWhenTheNewWorkersCrashTooOften) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string first = ProgramOf(muster.master().pid());
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Get("/").has_value());
  ASSERT_EQ(
      muster.Ctl({"upgrade", "--master", InstallProgram(muster, "master/master", "next")}).exit, 0);
  ASSERT_TRUE(Await([&] {
    const Status status = muster.Status();
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.generation() == 2 && worker.state() == admin::v1::Worker::SERVING) {
        ::kill(worker.pid(), SIGKILL);
      }
    }
    return muster.Status().master().upgrade().state() == Upgrade::UNDONE;
  })) << muster.Status().DebugString();
  EXPECT_EQ(ProgramOf(muster.master().pid()), first);
  EXPECT_THAT(muster.Status().master().upgrade().reason(), HasSubstr("SIGKILL"));
  EXPECT_TRUE(Await([&] { return FetchOnce(muster.address(), "/").has_value(); }));
}

TEST(Upgrade, GoesBackWhenTheNewWorkersDoNotBecomeReady) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  // It describes itself, and does not work.
  WriteFile(muster.path("lame"), absl::StrCat("#!/bin/sh\n[ \"$1\" = --describe ] || exit 3\nexec ",
                                              fs::absolute("worker/worker").string(), " \"$@\"\n"));
  ::chmod(muster.path("lame").c_str(), 0755);
  const std::vector<pid_t> workers = muster.WorkerPids();
  const Finished upgrade = muster.Ctl({"upgrade", "--worker", muster.path("lame")});
  EXPECT_EQ(upgrade.exit, 1);
  EXPECT_THAT(upgrade.output + upgrade.errors, HasSubstr("exited with code 3 before it was ready"));
  ASSERT_TRUE(muster.AwaitStatus([](const Status& status) { return status.workers_size() == 2; }));
  EXPECT_EQ(muster.WorkerPids(), workers);
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
}

TEST(Upgrade, KeepsTheLockOnThePidFile) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(muster.Ctl({"upgrade"}).exit, 0);
  ASSERT_EQ(muster.Ctl({"undo"}).exit, 0);
  std::string other = RunningMaster::Config();
  other = absl::StrReplaceAll(other, {{"admin.sock", "other.sock"}});
  WriteFile(muster.path("other.textproto"), other);
  const Finished second = muster.Master({"-c", muster.path("other.textproto")});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.errors, HasSubstr("pid_file"));
}

}  // namespace
}  // namespace muster::tests
