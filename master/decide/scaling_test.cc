#include "muster/master/decide/scaling.h"

#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

// The only line of the log.
std::string LogOf(Decision& decision) {
  std::string log;
  for (const Action& action : decision.TakeActions()) {
    if (const auto* line = std::get_if<LogAction>(&action)) log += line->text;
  }
  return log;
}

TEST(Scaling, StartsOneWorkerMore) {
  WorkerSlots workers(8);
  workers.Take(4, 0, {});
  Decision decision{TimePoint()};
  AddWorker(4, {}, workers, decision);
  const std::vector<Action> actions = decision.TakeActions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(std::get<SpawnAction>(actions[0]).slot, 1u);
  EXPECT_EQ(std::get<SpawnAction>(actions[0]).generation, 4u);
  EXPECT_EQ(std::get<LogAction>(actions[1]).text, "one worker more: 2 workers");
}

TEST(Scaling, GivesANewWorkerTheFirstIndexThatNoWantedWorkerHas) {
  WorkerSlots workers(8);
  workers.Take(4, 0, {});
  workers.Take(4, 1, {})->is_wanted = false;
  workers.Take(4, 2, {});
  workers.Take(3, 1, {});
  Decision decision{TimePoint()};
  AddWorker(4, {}, workers, decision);
  EXPECT_EQ(workers.Find(4)->index, 1u);
}

TEST(Scaling, AddsNothingBeyondTheMostWorkers) {
  WorkerSlots workers(1024);
  for (std::uint32_t index = 0; index < kMostWorkers; ++index) workers.Take(4, index, {});
  Decision decision{TimePoint()};
  AddWorker(4, {}, workers, decision);
  EXPECT_EQ(LogOf(decision), "not one worker more: 256 are the most");
  EXPECT_EQ(workers.wanted(4), 256u);
}

TEST(Scaling, AddsNothingWhenNoSlotIsFree) {
  WorkerSlots workers(1);
  workers.Take(4, 0, {});
  Decision decision{TimePoint()};
  AddWorker(4, {}, workers, decision);
  EXPECT_EQ(LogOf(decision), "not one worker more: no slot is free");
}

TEST(Scaling, DrainsTheWorkerWithTheHighestIndex) {
  WorkerSlots workers(8);
  workers.Take(4, 1, {});
  workers.Take(4, 0, {});
  workers.Take(3, 9, {});
  Decision decision{TimePoint()};
  RemoveWorker(4, workers, decision);
  EXPECT_EQ(workers.Find(0)->state, WorkerState::kDraining);
  EXPECT_EQ(LogOf(decision), "one worker fewer: 1 worker");
  EXPECT_EQ(workers.wanted(4), 1u);
}

TEST(Scaling, DoesNotCountAWorkerThatDrainsAlready) {
  WorkerSlots workers(8);
  workers.Take(4, 0, {});
  workers.Take(4, 1, {});
  workers.Take(4, 2, {})->is_wanted = false;
  Decision decision{TimePoint()};
  RemoveWorker(4, workers, decision);
  EXPECT_EQ(workers.Find(1)->state, WorkerState::kDraining);
}

TEST(Scaling, RemovesFirstWhatIsFarthestFromServing) {
  WorkerSlots workers(8);
  workers.Take(4, 0, {})->state = WorkerState::kGaveUp;
  workers.Take(4, 1, {})->state = WorkerState::kBackoff;
  workers.Take(4, 2, {})->state = WorkerState::kStarting;
  workers.Take(4, 3, {})->state = WorkerState::kServing;
  Decision decision{TimePoint()};
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    RemoveWorker(4, workers, decision);
    EXPECT_FALSE(workers.Find(slot)->is_wanted) << slot;
  }
  EXPECT_EQ(workers.wanted(4), 1u);
  EXPECT_EQ(workers.Find(3)->state, WorkerState::kServing);
}

TEST(Scaling, KeepsTheLastWorker) {
  WorkerSlots workers(8);
  workers.Take(4, 0, {});
  Decision decision{TimePoint()};
  RemoveWorker(4, workers, decision);
  EXPECT_EQ(LogOf(decision), "the last worker stays");
  EXPECT_EQ(workers.wanted(4), 1u);
}

}  // namespace
}  // namespace muster::master
