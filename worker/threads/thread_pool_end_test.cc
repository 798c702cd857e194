// How a pool ends, and what becomes of its tasks.

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/clock.h"
#include "muster/worker/threads/thread_pool.h"
#include "muster/worker/threads/thread_pool_fixture.h"

namespace muster::worker {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::Gate;
using ::testing::IsEmpty;
using testing::ThreadPoolTest;

absl::Status Succeed(Task&) { return absl::OkStatus(); }
absl::Status RunUntilCancelled(Task& task) {
  while (!task.cancelled()) std::this_thread::yield();
  return absl::AbortedError("stopped");
}

TEST_F(ThreadPoolTest, CancelsWhatDoesNotOutlastTheClientsWhenTheyAreGone) {
  Make(1, 16);
  Gate gate;
  Occupy(gate, /*outlasts_clients=*/true);
  ASSERT_TRUE(pool_->Submit(Succeed, {.on_done = Note()}).ok());
  ASSERT_TRUE(pool_
                  ->Submit([](Task&) { return absl::DataLossError("it has run"); },
                           {.on_done = Note(), .outlasts_clients = true})
                  .ok());
  pool_->CloseForClients();
  pool_->CloseForClients();
  EXPECT_TRUE(absl::IsUnavailable(pool_->Submit(Succeed).status()));
  RunUntil([&] { return told_.size() == 1; });
  EXPECT_EQ(pool_->load().unfinished, 2u);
  gate.Open();
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::CancelledError("threads: the task was cancelled"),
                                 absl::OkStatus(), absl::DataLossError("it has run")));
}

TEST_F(ThreadPoolTest, TellsWorkThatRunsWhenTheClientsAreGone) {
  ASSERT_TRUE(pool_->Submit(RunUntilCancelled, {.on_done = Note()}).ok());
  RunUntil([&] { return pool_->load().running == 1; });
  pool_->CloseForClients();
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::AbortedError("stopped")));
}

TEST_F(ThreadPoolTest, EndsWithItsThreadsAndTellsNobody) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> seen = alive;
  ASSERT_TRUE(
      pool_->Submit(RunUntilCancelled, {.on_done = [alive](const absl::Status&) { FAIL(); }}).ok());
  ASSERT_TRUE(pool_
                  ->Submit(Succeed, {.deadline = loop::Clock::now() + hours(1),
                                     .on_done = [alive](const absl::Status&) { FAIL(); }})
                  .ok());
  alive.reset();
  EXPECT_TRUE(pool_->End(std::chrono::seconds(60)));
  EXPECT_TRUE(seen.expired()) << "what the completions hold is gone";
  EXPECT_EQ(pool_->load().threads, 0u);
  ASSERT_TRUE(loop_->RunOnce(milliseconds(0)).ok());
  EXPECT_TRUE(absl::IsUnavailable(pool_->Submit(Succeed).status()));
}

TEST_F(ThreadPoolTest, DoesNotWaitLongerThanItMayForAThreadThatIsStuck) {
  Gate gate;
  Occupy(gate, /*outlasts_clients=*/true);
  EXPECT_FALSE(pool_->End(milliseconds(1)));
  gate.Open();
  EXPECT_TRUE(pool_->End(loop::Clock::duration::max()));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ThreadPoolTest, EndsWithoutHavingBegun) {
  EXPECT_TRUE(pool_->End(milliseconds(0)));
  EXPECT_TRUE(pool_->End(milliseconds(0)));
}

TEST_F(ThreadPoolTest, LeavesHandlesWithoutEffect) {
  std::optional<TaskHandle> handle = *pool_->Submit(Succeed);
  pool_.reset();
  loop_->DropTasks();
  handle->Cancel();
  loop_.reset();
  handle.reset();
}

}  // namespace
}  // namespace muster::worker
