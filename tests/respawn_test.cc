#include <signal.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

TEST(Respawn, BringsAKilledWorkerBackIntoItsSlot) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const admin::v1::Worker victim = muster.Status().workers(1);

  ASSERT_EQ(::kill(victim.pid(), SIGKILL), 0);

  ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.workers(1).pid() != victim.pid() &&
           status.workers(1).state() == admin::v1::Worker::SERVING;
  })) << muster.Status().DebugString();
  const admin::v1::Worker successor = muster.Status().workers(1);
  EXPECT_EQ(successor.slot(), victim.slot());
  EXPECT_EQ(successor.restarts(), 1u);
  EXPECT_THAT(successor.last_exit(), HasSubstr("SIGKILL"));
}

TEST(Respawn, CostsAClientOneRetryAtMost) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string address = muster.address();

  for (int round = 0; round < 5; ++round) {
    const std::vector<pid_t> workers = muster.WorkerPids();
    ASSERT_FALSE(workers.empty());
    const ipc::UniqueFd victim = OpenProcess(workers.front());
    ASSERT_EQ(::kill(workers.front(), SIGKILL), 0);
    int attempts = 0;
    for (bool is_answered = false; !is_answered; ++attempts) {
      ASSERT_LT(attempts, 2) << "round " << round;
      is_answered = FetchOnce(address, "/").has_value();
    }
    ASSERT_TRUE(AwaitDeath(victim.get()));
    // The master may learn of the death later than this test.
    const auto is_successor = [&](const admin::v1::Worker& worker) {
      return worker.state() == admin::v1::Worker::SERVING && worker.pid() != workers.front();
    };
    ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
      return status.workers_size() == 2 && is_successor(status.workers(0)) &&
             is_successor(status.workers(1));
    })) << muster.Status().DebugString();
  }
}

// Each kill is what a request would do that crashes a worker: it hits whoever serves, and comes
// back.
TEST(Respawn, GoesOnServingOthersHoweverOftenWorkersAreCrashed) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string address = muster.address();
  for (int crash = 0; crash < 60; ++crash) {
    const HttpClient poison(address);
    ASSERT_TRUE(poison.is_connected());
    const admin::v1::Status status = muster.Status();
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.state() == admin::v1::Worker::SERVING) ::kill(worker.pid(), SIGKILL);
    }
    const auto begin = std::chrono::steady_clock::now();
    while (!FetchOnce(address, "/")) {
      // After so many crashes the pauses would be 30 s.
      ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << crash;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  const admin::v1::Status status = muster.Status();
  EXPECT_EQ(status.master().state(), admin::v1::Master::RUNNING);
  for (const auto& worker : status.workers()) {
    EXPECT_NE(worker.state(), admin::v1::Worker::GAVE_UP);
  }
}

TEST(Respawn, LeavesNoConnectionCountedThatDiedWithAWorker) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient held(muster.address());
  ASSERT_TRUE(held.Get("/").has_value());
  const std::vector<pid_t> workers = muster.WorkerPids();
  ASSERT_EQ(workers.size(), 2u);

  for (const pid_t worker : workers) ASSERT_EQ(::kill(worker, SIGKILL), 0);

  EXPECT_TRUE(held.AwaitClose() || !held.Get("/").has_value());
  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.stats().crashes() == 2 && status.stats().total().active() == 0 &&
           status.stats().total().accepted() == 1;
  })) << muster.Status().DebugString();
}

}  // namespace
}  // namespace muster::tests
