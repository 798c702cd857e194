// Orders about single workers, by ctl: restart, worker restart|drain|quit|kill, scale.

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

bool HaveNone(const std::vector<pid_t>& now, const std::vector<pid_t>& before) {
  return std::none_of(now.begin(), now.end(),
                      [&](pid_t pid) { return std::count(before.begin(), before.end(), pid) > 0; });
}

std::string Accepting(const std::string& accept, const std::string& more = "") {
  return RunningMaster::Config(absl::StrCat("accept: ", accept, "\n", more));
}

class WorkerOrders : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Accept, WorkerOrders, testing::Values("EXCLUSIVE", "MUTEX", "REUSEPORT"));

TEST_P(WorkerOrders, RestartReplacesAllAndFailsNoRequest) {
  RunningMaster muster(Accepting(GetParam()));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> before = muster.WorkerPids();
  Load load(muster.address(), "/", {.keep_alive = 3, .connection_per_request = 1});
  ASSERT_TRUE(load.AwaitMore(50));

  for (int round = 0; round < 3; ++round) {
    const Finished restart = muster.Ctl({"restart"});
    ASSERT_EQ(restart.exit, 0) << restart.errors;
    EXPECT_THAT(restart.output, HasSubstr("2 workers restarted, one after another"));
    ASSERT_TRUE(load.AwaitMore(50));
  }
  load.Stop();

  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.workers_size() == 2; }));
  EXPECT_TRUE(HaveNone(muster.WorkerPids(), before));
  EXPECT_EQ(muster.Status().master().generation(), 1u);
  EXPECT_EQ(muster.Status().stats().crashes(), 0u);
}

TEST_P(WorkerOrders, ScaleUpAndDownFailsNoRequest) {
  RunningMaster muster(Accepting(GetParam()));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Load load(muster.address(), "/", {.keep_alive = 3, .connection_per_request = 1});
  ASSERT_TRUE(load.AwaitMore(50));

  for (const int workers : {4, 1, 3}) {
    const Finished scale = muster.Ctl({"scale", absl::StrCat(workers)});
    ASSERT_EQ(scale.exit, 0) << scale.errors;
    EXPECT_THAT(scale.output, HasSubstr(absl::StrCat(" has ", workers, " worker")));
    EXPECT_EQ(muster.Status().master().worker_processes(), workers);
    ASSERT_TRUE(load.AwaitMore(50));
  }
  load.Stop();

  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.workers_size() == 3; }));
}

TEST_P(WorkerOrders, SingleWorkersAreReplacedAndDrainedUnderLoad) {
  RunningMaster muster(Accepting(GetParam()));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Load load(muster.address(), "/", {.keep_alive = 3});
  ASSERT_TRUE(load.AwaitMore(50));
  const std::vector<pid_t> before = muster.WorkerPids();

  const Finished restart = muster.Ctl({"worker", "restart", "0"});
  ASSERT_EQ(restart.exit, 0) << restart.errors;
  EXPECT_THAT(restart.output, HasSubstr("worker 0 of generation 1 was replaced"));
  ASSERT_TRUE(load.AwaitMore(50));
  const Finished quit = muster.Ctl({"worker", "quit", "1"});
  ASSERT_EQ(quit.exit, 0) << quit.errors;
  ASSERT_TRUE(load.AwaitMore(50));
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.workers_size() == 2; }));
  EXPECT_TRUE(HaveNone(muster.WorkerPids(), before));
  const Finished drain = muster.Ctl({"worker", "drain", "1"});
  if (std::string(GetParam()) == "REUSEPORT") {
    EXPECT_EQ(drain.exit, 1);
    EXPECT_THAT(drain.errors, HasSubstr("nobody else accepts on the sockets of worker 1"));
  } else {
    ASSERT_EQ(drain.exit, 0) << drain.errors;
    ASSERT_TRUE(muster.AwaitStatus(
        [](const admin::v1::Status& status) { return status.workers_size() == 1; }));
  }
  ASSERT_TRUE(load.AwaitMore(50));
  load.Stop();

  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
}

TEST(WorkerOrder, TheLastWorkerIsNotTakenAway) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> before = muster.WorkerPids();
  for (const char* what : {"drain", "quit", "kill"}) {
    const Finished order = muster.Ctl({"worker", what, "0"});
    EXPECT_EQ(order.exit, 1) << what;
    EXPECT_THAT(order.errors, HasSubstr("worker 0 is the last one that serves"));
  }
  EXPECT_EQ(muster.WorkerPids(), before);
  EXPECT_EQ(muster.Ctl({"worker", "restart", "0"}).exit, 0);
}

TEST(WorkerOrder, KillStartsAnotherOneAndCountsAsNoCrash) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> before = muster.WorkerPids();
  const Finished kill = muster.Ctl({"worker", "kill", "1"});
  ASSERT_EQ(kill.exit, 0) << kill.errors;
  EXPECT_EQ(muster.WorkerPids().size(), 2u);
  EXPECT_EQ(::kill(before.at(1), 0), -1);
  EXPECT_EQ(muster.Status().stats().crashes(), 0u);
}

TEST(WorkerOrder, IsForTheProcessThatIsMeant) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> before = muster.WorkerPids();
  ASSERT_EQ(::kill(before.at(1), SIGKILL), 0);
  ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers(1).state() == admin::v1::Worker::SERVING &&
           status.workers(1).pid() != before.at(1);
  }));
  const std::vector<pid_t> now = muster.WorkerPids();
  for (const char* what : {"restart", "drain", "quit", "kill"}) {
    const Finished order = muster.Ctl({"worker", what, "1", "--if-pid", absl::StrCat(before[1])});
    EXPECT_EQ(order.exit, 1) << what;
    EXPECT_EQ(order.errors, absl::StrCat("ctl: worker ", what, " refused: worker 1 is pid ", now[1],
                                         ", not pid ", before[1], "\n"));
  }
  EXPECT_EQ(muster.WorkerPids(), now);
  EXPECT_EQ(muster.Ctl({"worker", "drain", "1", "--if-generation", "2"}).exit, 1);
  const Finished order = muster.Ctl({"worker", "restart", "1", "--if-pid", absl::StrCat(now[1])});
  EXPECT_EQ(order.exit, 0) << order.errors;
}

TEST(WorkerOrder, AnUnknownNumberIsRefused) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished order = muster.Ctl({"worker", "restart", "7"});
  EXPECT_EQ(order.exit, 1);
  EXPECT_THAT(order.errors, HasSubstr("generation 1, which serves, has no worker 7"));
}

// The second worker to be started anew fails.
TEST(WorkerOrder, RestartStopsAtTheFirstThatFails) {
  const std::string worker = std::filesystem::absolute("worker/worker").string();
  RunningMaster muster(RunningMaster::Config("worker_binary: \"mine\"\n"), "");
  // It fails once there is a file that says so, and one more worker has passed.
  WriteFile(muster.path("mine"),
            absl::StrCat("#!/bin/sh\nif [ \"$1\" != --describe ] && [ -e ", muster.path("fail"),
                         " ]; then mkdir ", muster.path("one"), " 2>/dev/null || exit 3; fi\nexec ",
                         worker, " \"$@\"\n"));
  ::chmod(muster.path("mine").c_str(), 0700);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> before = muster.WorkerPids();
  WriteFile(muster.path("fail"), "");

  const Finished restart = muster.Ctl({"restart"});

  EXPECT_EQ(restart.exit, 1);
  EXPECT_THAT(restart.errors, HasSubstr("restart stopped at worker 1: worker 1 of generation 1"));
  EXPECT_THAT(restart.errors, HasSubstr("exited with code 3"));
  EXPECT_THAT(restart.errors, HasSubstr("1 worker was restarted"));
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.workers_size() == 2; }));
  const std::vector<pid_t> after = muster.WorkerPids();
  EXPECT_EQ(std::count(after.begin(), after.end(), before.at(1)), 1) << "the old one goes on";
}

}  // namespace
}  // namespace muster::tests
