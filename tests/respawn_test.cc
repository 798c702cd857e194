#include <signal.h>

#include <string>
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
    ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
      return status.workers_size() == 2 &&
             status.workers(0).state() == admin::v1::Worker::SERVING &&
             status.workers(1).state() == admin::v1::Worker::SERVING;
    })) << muster.Status().DebugString();
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
