// Two versions of master and worker that differ in the format of the state, the protocol of workers
// and the layout of the zone (formats.cc): from one to the other, and back.

#include <signal.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/installed_program.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using admin::v1::Status;
using admin::v1::Upgrade;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Versions : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    pid_ = muster_.master().pid();
    master_ = InstallProgram(muster_, "tests/next/master", "next-master");
    worker_ = InstallProgram(muster_, "tests/next/worker", "next-worker");
  }

  // With no failed request and no connection closed from its begin to its end, and counters that
  // only grow.
  void BeginLoad() {
    load_.emplace(muster_.address(), "/",
                  Load::Clients{.keep_alive = 4, .connection_per_request = 2});
    ASSERT_TRUE(load_->AwaitMore(50));
  }
  void EndLoad() {
    EXPECT_TRUE(load_->AwaitMore(50));
    load_->Stop();
    EXPECT_EQ(load_->failed(), 0u);
    EXPECT_EQ(load_->closed(), 0u);
    EXPECT_EQ(muster_.master().pid(), pid_);
    EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
      return status.workers_size() == 2;
    })) << muster_.Status().DebugString();
    Look();
    EXPECT_GE(requests_, load_->answered());
  }
  void Look() {
    const Status status = StatusNow();
    EXPECT_GE(status.stats().total().requests(), requests_);
    requests_ = status.stats().total().requests();
    EXPECT_EQ(status.stats().crashes(), 0u);
  }
  // The connection of before an exec is gone.
  Status StatusNow() {
    Status now;
    EXPECT_TRUE(muster_.AwaitStatus([&now](const Status& status) {
      now = status;
      return status.has_master();
    }));
    return now;
  }
  std::string Version() { return StatusNow().master().version(); }

  void UpgradeTo(const std::string& master, const std::string& worker) {
    const Finished upgrade = muster_.Ctl({"upgrade", "--master", master, "--worker", worker});
    ASSERT_EQ(upgrade.exit, 0) << upgrade.errors << upgrade.output << muster_.master().errors();
    Look();
  }
  void Undo() {
    const Finished undo = muster_.Ctl({"undo"});
    ASSERT_EQ(undo.exit, 0) << undo.errors << undo.output << muster_.master().errors();
    Look();
  }
  // Only the workers of the generation that serves are left.
  void AwaitDrained() {
    EXPECT_TRUE(muster_.AwaitStatus([](const Status& status) {
      for (const admin::v1::Worker& worker : status.workers()) {
        if (worker.generation() != status.master().generation()) return false;
      }
      return status.workers_size() == 2;
    })) << muster_.Status().DebugString();
  }

  RunningMaster muster_;
  pid_t pid_ = 0;
  std::string master_;
  std::string worker_;
  std::optional<Load> load_;
  std::uint64_t requests_ = 0;
};

TEST_F(Versions, FollowEachOtherAndComeBackUnderLoad) {
  BeginLoad();
  for (int round = 0; round < 2; ++round) {
    UpgradeTo(master_, worker_);
    EXPECT_EQ(Version(), "0.2.0");
    ASSERT_TRUE(load_->AwaitMore(20));
    Undo();
    EXPECT_EQ(Version(), "0.1.0");
    ASSERT_TRUE(load_->AwaitMore(20));
  }
  EndLoad();
}

TEST_F(Versions, ComeBackWhenTheNextWorkersCrashTooOften) {
  UpgradeTo(master_, worker_);
  BeginLoad();
  const auto crash = [this] {
    const Status status = muster_.Status();
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.generation() == 2 && worker.state() == admin::v1::Worker::SERVING) {
        ::kill(worker.pid(), SIGKILL);
      }
    }
    return status.master().upgrade().state() == Upgrade::UNDONE;
  };
  ASSERT_TRUE(muster_.AwaitStatus([&](const Status&) { return crash(); }))
      << muster_.Status().DebugString();
  EXPECT_EQ(Version(), "0.1.0");
  EXPECT_TRUE(load_->AwaitMore(50));
  EXPECT_EQ(muster_.master().pid(), pid_);
}

TEST_F(Versions, GoOnWithTheNextOneOnceItIsCommitted) {
  BeginLoad();
  UpgradeTo(master_, worker_);
  ASSERT_EQ(muster_.Ctl({"commit"}).exit, 0);
  // With workers that speak as they do, and then once more from one of that version to another.
  const Finished reload = muster_.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  Look();
  AwaitDrained();
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  AwaitDrained();
  UpgradeTo(InstallProgram(muster_, "tests/next/master", "third-master"), worker_);
  Undo();
  EXPECT_EQ(Version(), "0.2.0");
  EndLoad();
  const Finished back =
      muster_.Ctl({"upgrade", "--master", InstallProgram(muster_, "master/master", "old")});
  EXPECT_EQ(back.exit, 1);
  EXPECT_THAT(back.errors, HasSubstr("speak version 3 of the protocol"));
  EXPECT_EQ(Version(), "0.2.0");
}

TEST_F(Versions, ComeBackFromAConfigurationThatTheOneBeforeDoesNotKnow) {
  BeginLoad();
  UpgradeTo(master_, worker_);
  muster_.WriteConfig(
      RunningMaster::Config("", "location { path: \"/new\" return { body: \"new\" } }"));
  const Finished reload = muster_.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_EQ(FetchOnce(muster_.address(), "/new")->body, "new");
  Undo();
  EXPECT_EQ(Version(), "0.1.0");
  EXPECT_EQ(FetchOnce(muster_.address(), "/new")->status, 404);
  // The generations in between are nothing for this program.
  const Finished history = muster_.Ctl({"history"});
  EXPECT_THAT(history.output, ContainsRegex("undo|UNDO"));
  EndLoad();
}

TEST_F(Versions, CanBeUpgradedToTheOneBeforeWhileNothingIsWrittenAnew) {
  BeginLoad();
  UpgradeTo(master_, worker_);
  ASSERT_EQ(muster_.Ctl({"commit"}).exit, 0);
  UpgradeTo(InstallProgram(muster_, "master/master", "old-master"),
            InstallProgram(muster_, "worker/worker", "old-worker"));
  EXPECT_EQ(Version(), "0.1.0");
  Undo();
  EXPECT_EQ(Version(), "0.2.0");
  EndLoad();
}

}  // namespace
}  // namespace muster::tests
