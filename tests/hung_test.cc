// Workers that do not run their loop: what the operator is told of them, and what becomes of them.

#include <signal.h>
#include <time.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using admin::v1::Worker;

constexpr char kLocation[] = "location { path: '/crash/' handler: 'crash' }\n";

class HungTest : public testing::Test {
 protected:
  void Start(const std::string& more) {
    muster_ = std::make_unique<RunningMaster>(
        RunningMaster::ConfigOfOneWorker(
            absl::StrCat("heartbeat_timeout { seconds: 2 }\n", more, "\n"), kLocation),
        "worker/testing/crashing_worker");
    ASSERT_TRUE(muster_->Start()) << muster_->master().errors();
    pid_ = muster_->WorkerPids().at(0);
  }
  // The connection stays open, so that there is a request at hand.
  void Ask(const std::string& path) {
    client_ = std::make_unique<HttpClient>(muster_->address());
    ASSERT_TRUE(client_->Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n")));
  }
  // What the master has found out of the worker that hangs.
  admin::v1::Hang AwaitHang() {
    admin::v1::Hang hang;
    EXPECT_TRUE(muster_->AwaitStatus([&](const admin::v1::Status& status) {
      if (status.workers_size() != 1 || !status.workers(0).has_hang()) return false;
      hang = status.workers(0).hang();
      return true;
    })) << muster_->Status().DebugString();
    return hang;
  }
  // The log of the master and of its workers, once that is in it.
  std::string AwaitLog(const std::string& text) {
    std::string log;
    EXPECT_TRUE(muster_->AwaitStatus([&](const admin::v1::Status&) {
      log = muster_->master().errors();
      return absl::StrContains(log, text);
    })) << log;
    return log;
  }

  std::unique_ptr<RunningMaster> muster_;
  std::unique_ptr<HttpClient> client_;
  pid_t pid_ = 0;
};

TEST_F(HungTest, OneThatLoopsForEverIsReportedWithItsStackAndWhatItHolds) {
  Start("zone { name: 'z' size_bytes: 65536 }");
  Ask("/crash/spin?secret");
  const admin::v1::Hang hang = AwaitHang();
  EXPECT_THAT(hang.process(), HasSubstr("runs"));
  EXPECT_TRUE(hang.has_stack());
  EXPECT_THAT(hang.locks(), ElementsAre("z/held"));
  EXPECT_THAT(hang.zones(), ElementsAre("z"));
  EXPECT_THAT(hang.listeners(), ElementsAre(muster_->address()));
  const std::string log = AwaitLog("its stack is in its log");
  EXPECT_THAT(log,
              ContainsRegex("worker 0 of generation 1 does not run its loop; its stack:\n.*0x"));
  EXPECT_THAT(log, HasSubstr("SpinInHandler"));
  EXPECT_THAT(log,
              ContainsRegex("worker 0 of generation 1 .pid [0-9]+. does not run its loop for "
                            "[0-9]+s while it served GET /crash/spin for 127.0.0.1:[0-9]+; its "
                            "process runs; its stack is in its log; it holds z/held; "));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  EXPECT_THAT(muster_->Ctl({"status"}).output,
              AllOf(ContainsRegex(" hung [0-9]+s "), HasSubstr("0 of 1 serving"),
                    ContainsRegex("\nhung\n  worker 0, pid [0-9]+: runs; its stack is in its log; "
                                  "holds z/held; uses z; listens on ")));
  EXPECT_THAT(muster_->Ctl({"events", "--from", "1", "--kind", "worker-hung"}).output,
              HasSubstr("does not run its loop"));
  EXPECT_EQ(muster_->WorkerPids().at(0), pid_) << "it is only reported";
}

TEST_F(HungTest, OneThatNoSignalReachesIsReportedByTheKernelsState) {
  Start("");
  Ask("/crash/kernel");
  const admin::v1::Hang hang = AwaitHang();
  EXPECT_FALSE(hang.has_stack());
  EXPECT_THAT(hang.process(), HasSubstr("sleeps where no signal reaches it"));
  EXPECT_THAT(AwaitLog("does not run its loop"), Not(HasSubstr("its stack")));
}

TEST_F(HungTest, OneThatIsStoppedIsToldApartAndLeftAsItIs) {
  Start("hung_worker: KILL");
  ::kill(pid_, SIGSTOP);
  const admin::v1::Hang hang = AwaitHang();
  EXPECT_THAT(hang.process(), HasSubstr("is stopped by a signal"));
  EXPECT_FALSE(hang.has_stack());
  EXPECT_EQ(muster_->WorkerPids().at(0), pid_);
  ::kill(pid_, SIGCONT);
  EXPECT_TRUE(muster_->AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).state() == Worker::SERVING && !status.workers(0).has_hang();
  }));
  // Not asked for its stack either: it would have written that before it ran its loop.
  EXPECT_THAT(AwaitLog("runs its loop again"),
              AllOf(Not(HasSubstr("it is killed")), Not(HasSubstr("its stack:"))));
  EXPECT_EQ(muster_->WorkerPids().at(0), pid_);
}

TEST_F(HungTest, OneIsKilledAndStartedAgainIfTheConfigurationWantsThat) {
  Start("hung_worker: KILL");
  Ask("/crash/spin");
  EXPECT_TRUE(muster_->AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers_size() == 1 && status.workers(0).state() == Worker::SERVING &&
           status.workers(0).pid() != pid_ && status.stats().crashes() == 1;
  })) << muster_->master().errors();
  const std::string log = AwaitLog("was killed by SIGKILL");
  EXPECT_THAT(log, HasSubstr("hangs; it is killed, since hung_worker is KILL"));
  EXPECT_THAT(log, HasSubstr("SpinInHandler"));
  EXPECT_TRUE(FetchOnce(muster_->address(), "/index.html").has_value());
}

TEST_F(HungTest, OnlyTheTimeCountsInWhichTheMasterRanItself) {
  Start("");
  muster_->master().Signal(SIGSTOP);
  ::kill(pid_, SIGSTOP);
  // Both are silent, for longer than any timeout here.
  const timespec pause = {.tv_sec = 5, .tv_nsec = 0};
  ::nanosleep(&pause, nullptr);
  const absl::Time before = absl::Now();
  muster_->master().Signal(SIGCONT);
  absl::Duration hung_for;
  EXPECT_TRUE(muster_->AwaitStatus([&](const admin::v1::Status& status) {
    hung_for = absl::Seconds(status.workers(0).hung_for().seconds()) +
               absl::Nanoseconds(status.workers(0).hung_for().nanos());
    return status.workers(0).has_hung_for() && hung_for > absl::ZeroDuration();
  }));
  EXPECT_LE(hung_for, absl::Now() - before);
  ::kill(pid_, SIGCONT);
  EXPECT_TRUE(muster_->AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).state() == Worker::SERVING;
  }));
}

}  // namespace
}  // namespace muster::tests
