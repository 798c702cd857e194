#include "muster/worker/runtime/handoff/handoff_board.h"

#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kServing = 5;
constexpr std::uint32_t kUntold = 64;

class HandoffBoardTest : public ::testing::Test {
 protected:
  HandoffBoardTest() { zone_.master_status().generation.Set(kServing); }

  // A worker of another process, in the next slot.
  WorkerStatus& AddWorker(std::uint64_t generation, WorkerPhase phase, int capacity) {
    tags_.push_back(*zone_.Reserve());
    WorkerStatus& status = zone_.worker_status(tags_.back().slot());
    status.generation.Set(static_cast<std::int64_t>(generation));
    status.phase.Set(static_cast<std::int64_t>(phase));
    status.capacity.Set(capacity + 1);
    return status;
  }
  std::vector<std::uint32_t> Slots() const {
    std::vector<std::uint32_t> slots;
    for (const HandoffTaker& taker : board_.OtherTakers()) slots.push_back(taker.slot);
    return slots;
  }

  SharedZone zone_ = *SharedZone::Create(8);
  std::vector<ipc::OwnerTag> tags_ = {*zone_.Reserve()};
  HandoffBoard board_{zone_, 0, kServing, kUntold};
};

TEST_F(HandoffBoardTest, HasTheReadyWorkersOfTheServingGenerationAsTakers) {
  AddWorker(kServing, WorkerPhase::kServing, 10);
  AddWorker(kServing, WorkerPhase::kNone, 10);  // serves in a moment
  AddWorker(kServing, WorkerPhase::kDraining, 10);
  AddWorker(kServing - 1, WorkerPhase::kServing, 10);
  AddWorker(kServing + 1, WorkerPhase::kNone, 10);
  AddWorker(kServing, WorkerPhase::kNone, -1);  // not ready yet
  EXPECT_THAT(Slots(), ElementsAre(1, 2));
}

TEST_F(HandoffBoardTest, HasNoTakerInASlotThatWasRecovered) {
  AddWorker(kServing, WorkerPhase::kServing, 10);
  RecoverSlot(zone_, tags_.back());
  EXPECT_THAT(Slots(), IsEmpty());
}

TEST_F(HandoffBoardTest, TakesOneThatTellsNoCapacityForOneWithItsOwn) {
  AddWorker(kServing, WorkerPhase::kServing, -1);
  zone_.stats(1).active.Set(4);
  ASSERT_EQ(board_.OtherTakers().size(), 1u);
  EXPECT_EQ(board_.OtherTakers()[0].room(), kUntold - 4);
}

TEST_F(HandoffBoardTest, ShowsThisWorkerToOthers) {
  const HandoffBoard other(zone_, 1, kServing, kUntold);
  zone_.worker_status(0).generation.Set(kServing);
  zone_.stats(0).active.Set(3);
  board_.ShowCapacity(0);
  ASSERT_EQ(other.OtherTakers().size(), 1u);
  EXPECT_EQ(other.OtherTakers()[0].room(), 0u);
  board_.ShowCapacity(5);
  EXPECT_EQ(other.OtherTakers()[0].room(), 2u);
  EXPECT_EQ(board_.Own().room(), 2u);
}

TEST_F(HandoffBoardTest, KnowsWhetherItsGenerationServes) {
  EXPECT_TRUE(board_.is_of_serving_generation());
  zone_.master_status().generation.Set(kServing + 1);
  EXPECT_FALSE(board_.is_of_serving_generation());
}

TEST_F(HandoffBoardTest, AddsUpWhatGiversHaveNotSent) {
  AddWorker(kServing - 1, WorkerPhase::kDraining, 10).unsent.Set(7);
  AddWorker(kServing - 2, WorkerPhase::kDraining, 10).unsent.Set(-1);
  AddWorker(kServing, WorkerPhase::kServing, 10).unsent.Set(100);  // wrong: it does not give
  board_.ShowUnsent(2);
  EXPECT_EQ(board_.Unsent(), 9u);
  EXPECT_EQ(board_.Givers(), 3u);
}

TEST_F(HandoffBoardTest, BoundsWhatOthersWrite) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  for (const auto& [active, capacity] : {std::pair(kLeast, kMost), std::pair(kMost, kLeast),
                                         std::pair(kMost, kMost), std::pair(kLeast, kLeast)}) {
    AddWorker(kServing, WorkerPhase::kServing, 0).capacity.Set(capacity);
    zone_.stats(tags_.back().slot()).active.Set(active);
  }
  zone_.worker_status(7).phase.Set(kMost);
  for (const HandoffTaker& taker : board_.OtherTakers()) EXPECT_LE(taker.room(), 1u << 21);
  EXPECT_LE(board_.Unsent(), 1u << 21);
}

}  // namespace
}  // namespace muster::worker
