#include "muster/master/decide/generation_limit.h"

#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

// Generations 1 and 2 drain, with a worker in slots 0 and 1. Generation 3, in slot 2, serves.
class GenerationLimitTest : public testing::Test {
 protected:
  GenerationLimitTest() {
    workers_.Take(1, 0, {})->state = WorkerState::kDraining;
    workers_.Take(2, 0, {})->state = WorkerState::kDraining;
    workers_.Take(3, 0, {})->state = WorkerState::kServing;
  }
  WorkerState StateIn(std::uint32_t slot) { return workers_.Find(slot)->state; }

  WorkerSlots workers_{8};
  Decision decision_{TimePoint()};
};

TEST_F(GenerationLimitTest, LeavesAsManyGenerationsAsMayLive) {
  EndSurplusGenerations(3, 3, workers_, decision_);
  EXPECT_TRUE(decision_.TakeActions().empty());
}

TEST_F(GenerationLimitTest, StopsTheOldestFirst) {
  EndSurplusGenerations(3, 2, workers_, decision_);
  EXPECT_EQ(StateIn(0), WorkerState::kStopping);
  EXPECT_EQ(StateIn(1), WorkerState::kDraining);
  EXPECT_EQ(StateIn(2), WorkerState::kServing);
}

TEST_F(GenerationLimitTest, LogsEachGenerationThatItStops) {
  EndSurplusGenerations(3, 2, workers_, decision_);
  EXPECT_EQ(std::get<LogAction>(decision_.TakeActions().at(0)).text,
            "generation 1 is ended at once: more than 2 are alive");
}

TEST_F(GenerationLimitTest, DoesNotCountAGenerationThatStopsAlready) {
  workers_.Find(0)->state = WorkerState::kStopping;
  EndSurplusGenerations(3, 2, workers_, decision_);
  EXPECT_TRUE(decision_.TakeActions().empty());
}

}  // namespace
}  // namespace muster::master
