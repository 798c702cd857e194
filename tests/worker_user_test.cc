// Who workers are: users, rights, and what passes between generations of different users.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/launch/other_users.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string StatusOf(pid_t pid) { return ReadFile(absl::StrCat("/proc/", pid, "/status")); }

std::vector<std::string> StatusOfWorkers(RunningMaster& muster) {
  std::vector<std::string> texts;
  for (const pid_t pid : muster.WorkerPids()) texts.push_back(StatusOf(pid));
  return texts;
}

// A folder in which workers of another user may look.
void Open(const RunningMaster& muster) {
  ASSERT_EQ(::chmod(muster.folder().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(muster.path("site").c_str(), 0755), 0);
}

struct stat StatOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

// A worker program that notes who it is when it is asked what it serves.
std::string InstallNoting(const RunningMaster& muster) {
  std::string path = muster.path("noting");
  WriteFile(path,
            absl::StrCat("#!/bin/sh\nif [ \"$1\" = --describe ]; then\n  { id -u; ulimit -n; ",
                         "grep NoNewPrivs /proc/self/status; } >>", muster.path("who/noted"),
                         "\nfi\nexec ", muster.path("worker"), " \"$@\"\n"));
  // Where it was built, nobody else may go.
  std::filesystem::copy_file("worker/worker", muster.path("worker"));
  EXPECT_EQ(::chmod(muster.path("worker").c_str(), 0755), 0);
  EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
  EXPECT_EQ(::mkdir(muster.path("who").c_str(), 0755), 0);
  EXPECT_EQ(::chmod(muster.path("who").c_str(), 0777), 0);
  return path;
}

std::vector<std::string> Noted(const RunningMaster& muster) {
  return absl::StrSplit(ReadFile(muster.path("who/noted")), "NoNewPrivs:\t1\n", absl::SkipEmpty());
}

TEST(WorkerUser, IsAnotherThanTheMasters) {
  NEEDS_OTHER_USERS();
  RunningMaster muster(RunningMaster::Config("user: 'nobody'"));
  Open(muster);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  EXPECT_THAT(StatusOfWorkers(muster),
              Each(AllOf(HasSubstr("Uid:\t65534\t65534\t65534\t65534\n"),
                         HasSubstr("Gid:\t65534\t65534\t65534\t65534\n"),
                         HasSubstr("CapEff:\t0000000000000000\n"),
                         HasSubstr("CapBnd:\t0000000000000000\n"), HasSubstr("NoNewPrivs:\t1\n"))));
  EXPECT_THAT(StatusOf(muster.master().pid()), HasSubstr("Uid:\t0\t0\t0\t0\n"));
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
  EXPECT_THAT(muster.master().errors(), Not(HasSubstr("workers run as root")));
}

TEST(WorkerUser, IsStillThatAfterACrash) {
  NEEDS_OTHER_USERS();
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("user: 'nobody'"));
  Open(muster);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(::kill(muster.WorkerPids()[0], SIGKILL), 0);

  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 1 && status.workers(0).restarts() == 1 &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  }));

  EXPECT_THAT(StatusOfWorkers(muster), Each(HasSubstr("Uid:\t65534\t65534\t")));
}

TEST(WorkerUser, GetsLogsWhereOnlyTheMasterMayMakeFiles) {
  NEEDS_OTHER_USERS();
  RunningMaster muster(absl::StrReplaceAll(
      RunningMaster::ConfigOfOneWorker("user: 'nobody' log { path: 'logs/error.log' }"),
      {{"\"access.log\"", "\"logs/access.log\""}}));
  Open(muster);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto await_line = [&](const std::string& log) {
    return muster.AwaitStatus([&](const admin::v1::Status&) {
      EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
      return absl::StrContains(ReadFile(muster.path(log)), "GET / ");
    });
  };
  EXPECT_TRUE(await_line("logs/access.log"));

  const auto move_away = [&](const std::string& to) {
    for (const char* log : {"logs/error.log", "logs/access.log"}) {
      ASSERT_EQ(::rename(muster.path(log).c_str(), muster.path(log + to).c_str()), 0);
    }
  };
  move_away(".1");
  const Finished reopen = muster.Ctl({"reopen"});
  EXPECT_EQ(reopen.exit, 0) << reopen.errors;
  EXPECT_TRUE(await_line("logs/access.log"));

  move_away(".2");
  ASSERT_EQ(::kill(muster.WorkerPids()[0], SIGKILL), 0);
  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).restarts() == 1 &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  })) << muster.Status().DebugString();
  EXPECT_TRUE(await_line("logs/access.log"));
  move_away(".3");
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
  for (const char* log : {"logs/error.log", "logs/access.log", "logs/access.log.1"}) {
    EXPECT_EQ(StatOf(muster.path(log)).st_uid, 0u) << log << ": no worker can do more than append";
  }
}

TEST(WorkerUser, GetsLogsThatOnlyRootMayOpen) {
  NEEDS_OTHER_USERS();
  RunningMaster muster(RunningMaster::ConfigOfOneWorker(
      "user: 'nobody' sandbox: OFF log { path: 'error.log' level: DEBUG }"));
  Open(muster);
  for (const char* log : {"access.log", "error.log"}) {
    WriteFile(muster.path(log), "");
    ASSERT_EQ(::chmod(muster.path(log).c_str(), 0600), 0);
  }
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_TRUE(FetchOnce(muster.address(), "/?first").has_value());
  EXPECT_EQ(muster.Ctl({"reopen"}).exit, 0);
  EXPECT_TRUE(FetchOnce(muster.address(), "/?second").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_THAT(ReadFile(muster.path("access.log")),
              AllOf(HasSubstr("?first"), HasSubstr("?second")));
}

TEST(WorkerUser, IsWhoDescribesTheProgramToo) {
  NEEDS_OTHER_USERS();
  RunningMaster muster(RunningMaster::Config(), "");
  Open(muster);
  muster.WriteConfig(RunningMaster::Config(absl::StrCat(
      "user: 'nobody' limits { nofile: 5000 } worker_binary: '", InstallNoting(muster), "'")));
  EXPECT_EQ(muster.Master({"-t", "-c", muster.path("muster.textproto")}).exit, 0);
  EXPECT_THAT(Noted(muster), ElementsAre("65534\n5000\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished upgrade = muster.Ctl({"upgrade", "--worker", muster.path("noting")});
  EXPECT_EQ(upgrade.exit, 0) << upgrade.errors;
  EXPECT_THAT(Noted(muster), AllOf(SizeIs(Ge(2)), Each("65534\n5000\n"))) << "in the trial";
}

TEST(WorkerUser, IsRootOnlyWithAWarning) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root; run it as root to see it";
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);

  const std::vector<std::string> parts =
      absl::StrSplit(muster.master().errors(), "workers run as root");
  EXPECT_EQ(parts.size(), 2) << "once: " << muster.master().errors();
}

TEST(WorkerUser, IsRefusedWithTheStepThatFailed) {
  NEEDS_OTHER_USERS();
  RunningMaster muster;
  Open(muster);
  ASSERT_EQ(::mkdir(muster.path("private").c_str(), 0700), 0);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(RunningMaster::Config("user: 'nobody' working_directory: 'private'"));

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors,
              HasSubstr(absl::StrCat(": chdir ", muster.path("private"), ": Permission denied")));
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value()) << "the old generation goes on";
}

TEST(WorkerUser, IsRefusedAtItsPlaceIfThereIsNone) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(RunningMaster::Config("user: 'nobody-at-all'"));
  for (const Finished& finished :
       {muster.Ctl({"reload"}), muster.Master({"-t", "-c", muster.path("muster.textproto")})}) {
    EXPECT_EQ(finished.exit, 1);
    EXPECT_THAT(finished.output + finished.errors,
                HasSubstr(": user: \"nobody-at-all\" is no user of this machine"));
  }
}

TEST(WorkerLimits, AreSetForEachWorker) {
  RunningMaster muster(
      RunningMaster::Config("limits { nofile: 9000 core: 0 } nice: 5 "
                            "no_new_privs: false sandbox: OFF"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  for (const pid_t pid : muster.WorkerPids()) {
    const std::string folder = absl::StrCat("/proc/", pid);
    EXPECT_THAT(std::string(absl::StrReplaceAll(ReadFile(folder + "/limits"), {{" ", ""}})),
                AllOf(HasSubstr("Maxopenfiles90009000"), HasSubstr("Maxcorefilesize00")));
    EXPECT_THAT(ReadFile(folder + "/status"), HasSubstr("NoNewPrivs:\t0\n"));
    // The number after the priority.
    const std::string stat = ReadFile(folder + "/stat");
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(stat.rfind(')')), ' ');
    EXPECT_EQ(fields[17], "5");
  }
}

// A connection between two requests, from before the reload.
class OtherUser : public ::testing::Test {
 protected:
  void Serve(const std::string& next) {
    Open(muster_);
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    client_ = std::make_unique<HttpClient>(muster_.address());
    ASSERT_TRUE(client_->Get("/").has_value());
    muster_.WriteConfig(RunningMaster::Config(next));
    const Finished reload = muster_.Ctl({"reload", "--wait", "drained"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
  }

  RunningMaster muster_{RunningMaster::Config("user: 'nobody'")};
  std::unique_ptr<HttpClient> client_;
};

TEST_F(OtherUser, GetsNoConnectionByDefault) {
  NEEDS_OTHER_USERS();
  Serve("user: 'daemon'");
  EXPECT_FALSE(client_->Get("/").has_value());
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

TEST_F(OtherUser, GetsConnectionsIfItMay) {
  NEEDS_OTHER_USERS();
  Serve("user: 'daemon' hand_off_between_users: true");
  EXPECT_TRUE(client_->Get("/").has_value());
  EXPECT_EQ(muster_.Status().stats().total().adopted(), 1);
}

TEST_F(OtherUser, IsNotTheSameUserAgain) {
  NEEDS_OTHER_USERS();
  Serve("user: 'nobody' nice: 1");
  EXPECT_TRUE(client_->Get("/").has_value());
}

}  // namespace
}  // namespace muster::tests
