#include "muster/master/decide/worker_slots.h"

#include <chrono>
#include <optional>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;

TEST(WorkerSlots, TakeTheFirstFreeSlot) {
  WorkerSlots slots(8);
  EXPECT_EQ(slots.Take(1, 0, {})->slot, 0u);
  EXPECT_EQ(slots.Take(1, 1, {})->slot, 1u);
  EXPECT_EQ(slots.Take(1, 2, {})->slot, 2u);
  slots.Find(1)->state = WorkerState::kGone;
  slots.Sweep();
  EXPECT_EQ(slots.Take(2, 0, {})->slot, 1u);
}

TEST(WorkerSlots, TakeNothingWhenNoSlotIsFree) {
  WorkerSlots slots(1);
  EXPECT_NE(slots.Take(1, 0, {}), nullptr);
  EXPECT_EQ(slots.free_slots(), 0u);
  EXPECT_EQ(slots.Take(1, 1, {}), nullptr);
}

TEST(WorkerSlots, KeepASlotTakenUntilItIsSwept) {
  WorkerSlots slots(1);
  slots.Take(1, 0, {})->state = WorkerState::kGone;
  EXPECT_EQ(slots.Take(2, 0, {}), nullptr);
  slots.Sweep();
  EXPECT_NE(slots.Take(2, 0, {}), nullptr);
}

TEST(WorkerSlots, GiveANewWorkerTheTimeoutsOfItsSettings) {
  WorkerSlots slots(1);
  const WorkerRecord* worker =
      slots.Take(1, 0, {.ready_timeout = seconds(10), .shutdown_timeout = seconds(60)});
  EXPECT_EQ(worker->ready_timeout, seconds(10));
  EXPECT_EQ(worker->shutdown_timeout, seconds(60));
}

TEST(WorkerSlots, FindNobodyInAFreeSlot) {
  WorkerSlots slots(8);
  slots.Take(1, 0, {});
  EXPECT_EQ(slots.Find(0)->generation, 1u);
  EXPECT_EQ(slots.Find(1), nullptr);
}

TEST(WorkerSlots, KnowTheEarliestDeadline) {
  WorkerSlots slots(8);
  EXPECT_EQ(slots.next_deadline(), std::nullopt);
  slots.Take(1, 0, {})->deadline = TimePoint(seconds(5));
  slots.Take(1, 1, {})->deadline = TimePoint(seconds(3));
  slots.Take(1, 2, {});
  EXPECT_EQ(slots.next_deadline(), TimePoint(seconds(3)));
}

TEST(WorkerSlots, HaveNoProcessWhenAllWorkersWaitForTheirBackoff) {
  WorkerSlots slots(8);
  WorkerRecord* worker = slots.Take(1, 0, {});
  EXPECT_TRUE(slots.has_processes());
  worker->state = WorkerState::kBackoff;
  EXPECT_FALSE(slots.has_processes());
}

TEST(WorkerSlots, CountTheWantedWorkersOfAGeneration) {
  WorkerSlots slots(8);
  slots.Take(1, 0, {});
  slots.Take(2, 0, {});
  slots.Take(2, 1, {})->is_wanted = false;
  EXPECT_EQ(slots.wanted(2), 1u);
}

TEST(WorkerSlots, KnowWhetherAnyWorkerOfAGenerationIsInAState) {
  WorkerSlots slots(8);
  slots.Take(1, 0, {})->state = WorkerState::kServing;
  slots.Take(2, 0, {});
  EXPECT_TRUE(slots.AnyIs(WorkerState::kServing, 1));
  EXPECT_FALSE(slots.AnyIs(WorkerState::kServing, 2));
}

TEST(WorkerSlots, KnowWhetherAllWorkersOfAGenerationAreInAState) {
  WorkerSlots slots(8);
  slots.Take(1, 0, {});
  slots.Take(2, 0, {})->state = WorkerState::kServing;
  WorkerRecord* last = slots.Take(2, 1, {});
  EXPECT_FALSE(slots.AllAre(WorkerState::kServing, 2));
  last->state = WorkerState::kServing;
  EXPECT_TRUE(slots.AllAre(WorkerState::kServing, 2));
}

}  // namespace
}  // namespace muster::master
