// Workers that outlive their master.

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

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

class Orphan : public ::testing::Test {
 protected:
  ~Orphan() override {
    // It has no parent that would end it.
    if (process_.valid()) ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  }

  // A master is killed and leaves a stopped worker. The next one is to listen where it did.
  void LeaveOne() {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    address_ = muster_.address();
    const std::vector<pid_t> workers = muster_.WorkerPids();
    ASSERT_EQ(workers.size(), 1u);
    pid_ = workers[0];
    process_ = OpenProcess(pid_);
    ASSERT_EQ(::kill(pid_, SIGSTOP), 0);
    muster_.master().Signal(SIGKILL);
    ASSERT_EQ(muster_.master().Wait(), -SIGKILL);
    muster_.WriteConfig(
        absl::StrReplaceAll(RunningMaster::ConfigOfOneWorker(), {{"127.0.0.1:0", address_}}));
  }

  RunningMaster muster_{RunningMaster::ConfigOfOneWorker()};
  std::string address_;
  pid_t pid_ = 0;
  ipc::UniqueFd process_;
};

TEST_F(Orphan, IsEndedByTheNextMasterIfItKeepsTheAddress) {
  ASSERT_NO_FATAL_FAILURE(LeaveOne());

  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();

  EXPECT_TRUE(AwaitDeath(process_.get()));
  EXPECT_TRUE(FetchOnce(address_, "/").has_value());
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr(absl::StrCat("a worker of a master that was killed (pid ", pid_,
                                     ") still listens on ", address_)));
}

TEST_F(Orphan, IsRememberedByAMasterInBetween) {
  ASSERT_NO_FATAL_FAILURE(LeaveOne());
  muster_.WriteConfig(RunningMaster::ConfigOfOneWorker());
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  muster_.master().Signal(SIGKILL);
  ASSERT_EQ(muster_.master().Wait(), -SIGKILL);
  muster_.WriteConfig(
      absl::StrReplaceAll(RunningMaster::ConfigOfOneWorker(), {{"127.0.0.1:0", address_}}));

  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();

  EXPECT_TRUE(AwaitDeath(process_.get()));
}

TEST_F(Orphan, IsLeftAloneIfItIsNotInTheWay) {
  ASSERT_NO_FATAL_FAILURE(LeaveOne());
  muster_.WriteConfig(RunningMaster::ConfigOfOneWorker());

  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();

  EXPECT_EQ(::kill(pid_, 0), 0);
  EXPECT_THAT(muster_.master().errors(), Not(HasSubstr("a worker of a master")));
}

TEST_F(Orphan, IsNotEndedByAMasterThatDoesNotKnowIt) {
  ASSERT_NO_FATAL_FAILURE(LeaveOne());
  ASSERT_EQ(::unlink(muster_.path("muster.pid.workers").c_str()), 0);

  EXPECT_FALSE(muster_.Start());

  EXPECT_EQ(::kill(pid_, 0), 0);
  EXPECT_THAT(muster_.master().errors(), HasSubstr("Address already in use"));
}

TEST(UnixOrphan, IsEndedByTheNextMasterIfItKeepsTheSocket) {
  RunningMaster muster(
      absl::StrReplaceAll(RunningMaster::ConfigOfOneWorker(), {{"127.0.0.1:0", "unix:http.sock"}}));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> workers = muster.WorkerPids();
  ASSERT_EQ(workers.size(), 1u);
  const ipc::UniqueFd process = OpenProcess(workers[0]);
  ASSERT_EQ(::kill(workers[0], SIGSTOP), 0);
  muster.master().Signal(SIGKILL);
  ASSERT_EQ(muster.master().Wait(), -SIGKILL);

  EXPECT_TRUE(muster.Start()) << muster.master().errors();

  EXPECT_TRUE(AwaitDeath(process.get()));
}

TEST(WorkerList, IsGoneAfterAGoodEnd) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_EQ(::access(muster.path("muster.pid.workers").c_str(), F_OK), 0);
  ASSERT_EQ(muster.Ctl({"stop"}).exit, 0);
  ASSERT_EQ(muster.master().Wait(), 0);
  EXPECT_NE(::access(muster.path("muster.pid.workers").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace muster::tests
