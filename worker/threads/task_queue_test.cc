#include "muster/worker/threads/task_queue.h"

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/clock.h"

namespace muster::worker {
namespace {

using loop::TimePoint;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimePoint At(int second) { return TimePoint(seconds(second)); }

class TaskQueueTest : public ::testing::Test {
 protected:
  TaskQueue::Task Add(TimePoint deadline = TimePoint::max(), bool outlasts_clients = false) {
    auto task = std::make_shared<QueuedTask>();
    task->deadline = deadline;
    task->outlasts_clients = outlasts_clients;
    EXPECT_EQ(queue_.Add(task), absl::OkStatus());
    return task;
  }

  TaskQueue queue_{4};
};

TEST_F(TaskQueueTest, BeginsTheOldestFirst) {
  const auto first = Add();
  const auto second = Add(At(1));
  EXPECT_EQ(queue_.Take(), first);
  EXPECT_EQ(queue_.Take(), second);
  EXPECT_EQ(queue_.Take(), nullptr);
  EXPECT_EQ(queue_.running(), 2u);
}

TEST_F(TaskQueueTest, HoldsAsManyAsItHasRoomForWhetherTheyRunOrWait) {
  const auto running = Add();
  EXPECT_EQ(queue_.Take(), running);
  for (int i = 0; i < 3; ++i) Add();
  const absl::Status refused = queue_.Add(std::make_shared<QueuedTask>());
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_EQ(refused.message(),
            "threads: 1 tasks run and 3 wait, as many as threads.count and threads.queue of the "
            "configuration allow");
  queue_.Finish(*running);
  Add();
}

TEST_F(TaskQueueTest, GivesUpThoseThatHaveNotBegunAtTheirDeadline) {
  const auto late = Add(At(3));
  const auto early = Add(At(2));
  const auto patient = Add();
  EXPECT_EQ(queue_.next_deadline(), At(2));
  EXPECT_THAT(queue_.Expire(At(1)), IsEmpty());
  EXPECT_THAT(queue_.Expire(At(2)), ElementsAre(early));
  EXPECT_EQ(queue_.next_deadline(), At(3));
  EXPECT_THAT(queue_.Expire(At(9)), ElementsAre(late));
  EXPECT_EQ(queue_.next_deadline(), std::nullopt);
  EXPECT_EQ(queue_.Take(), patient);
}

TEST_F(TaskQueueTest, GivesUpSeveralOfOneDeadlineInTheirOrder) {
  const auto first = Add(At(1));
  const auto second = Add(At(1));
  EXPECT_THAT(queue_.Expire(At(1)), ElementsAre(first, second));
}

TEST_F(TaskQueueTest, LeavesTheDeadlineOfATaskThatRunsToItself) {
  const auto task = Add(At(1));
  EXPECT_EQ(queue_.Take(), task);
  EXPECT_EQ(queue_.next_deadline(), std::nullopt);
  EXPECT_THAT(queue_.Expire(At(2)), IsEmpty());
  EXPECT_FALSE(task->is_cancelled());
}

TEST_F(TaskQueueTest, TakesOutACancelledTaskThatHasNotBegun) {
  const auto cancelled = Add(At(1));
  const auto other = Add();
  EXPECT_TRUE(queue_.Cancel(*cancelled));
  EXPECT_TRUE(cancelled->is_cancelled());
  EXPECT_EQ(queue_.next_deadline(), std::nullopt);
  EXPECT_FALSE(queue_.Cancel(*cancelled)) << "it is out already";
  EXPECT_EQ(queue_.Take(), other);
}

TEST_F(TaskQueueTest, TellsATaskThatRunsThatItIsCancelled) {
  const auto task = Add();
  EXPECT_EQ(queue_.Take(), task);
  EXPECT_FALSE(queue_.Cancel(*task));
  EXPECT_TRUE(task->is_cancelled());
  EXPECT_EQ(queue_.running(), 1u);
  queue_.Finish(*task);
  EXPECT_FALSE(queue_.Cancel(*task));
  EXPECT_EQ(queue_.running(), 0u);
}

TEST_F(TaskQueueTest, CancelsWhatDoesNotOutlastClientsWhenItCloses) {
  const auto runs = Add();
  const auto runs_on = Add(TimePoint::max(), /*outlasts_clients=*/true);
  EXPECT_EQ(queue_.Take(), runs);
  EXPECT_EQ(queue_.Take(), runs_on);
  const auto waits = Add(At(1));
  const auto waits_on = Add(At(1), /*outlasts_clients=*/true);
  EXPECT_THAT(queue_.Close(), ElementsAre(waits));
  EXPECT_TRUE(runs->is_cancelled());
  EXPECT_TRUE(waits->is_cancelled());
  EXPECT_FALSE(runs_on->is_cancelled());
  EXPECT_FALSE(waits_on->is_cancelled());
  EXPECT_TRUE(absl::IsUnavailable(queue_.Add(std::make_shared<QueuedTask>())));
  EXPECT_EQ(queue_.Take(), waits_on);
}

TEST_F(TaskQueueTest, CancelsEverythingWhenItClosesForAll) {
  const auto runs = Add(TimePoint::max(), /*outlasts_clients=*/true);
  EXPECT_EQ(queue_.Take(), runs);
  const auto waits = Add(TimePoint::max(), /*outlasts_clients=*/true);
  EXPECT_THAT(queue_.Close(), IsEmpty());
  EXPECT_THAT(queue_.CloseForAll(), ElementsAre(waits));
  EXPECT_TRUE(runs->is_cancelled());
}

TEST_F(TaskQueueTest, StaysOpenWhenItIsEmptied) {
  const auto task = Add(At(1));
  EXPECT_THAT(queue_.TakeOut(), ElementsAre(task));
  EXPECT_FALSE(task->is_cancelled());
  Add();
}

}  // namespace
}  // namespace muster::worker
