// Who workers are: users, rights, and what passes between generations of different users.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

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
using ::testing::HasSubstr;
using ::testing::Not;

std::string StatusOf(pid_t pid) { return ReadFile(absl::StrCat("/proc/", pid, "/status")); }

std::vector<std::string> StatusOfWorkers(RunningMaster& muster) {
  std::vector<std::string> texts;
  for (const pid_t pid : muster.WorkerPids()) texts.push_back(StatusOf(pid));
  return texts;
}

// A folder in which workers of another user may look, and write their log.
void Open(const RunningMaster& muster) {
  ASSERT_EQ(::chmod(muster.folder().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(muster.path("site").c_str(), 0755), 0);
  WriteFile(muster.path("access.log"), "");
  ASSERT_EQ(::chmod(muster.path("access.log").c_str(), 0666), 0);
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
                            "no_new_privs: false"));
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
