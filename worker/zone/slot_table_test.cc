#include "muster/worker/zone/slot_table.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using ipc::OwnerTag;
using ipc::ParticipantState;

class SlotTableTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCapacity = 3;

  // A stray write into the line of a slot: its state and its generation.
  void Damage(std::uint32_t slot, std::uint32_t identity) {
    *reinterpret_cast<std::uint32_t*>(memory_.data() + 128 * (slot + 1)) = identity;
  }

  alignas(128) std::array<std::byte, 128 * (kCapacity + 1)> memory_ = {};
  const ipc::Registry registry_ = *ipc::Registry::Create(memory_.data(), memory_.size(), kCapacity);
  SlotTable table_ = SlotTable(registry_);
};

TEST_F(SlotTableTest, ShowsEachStateInTheRegistry) {
  const OwnerTag tag = *table_.Reserve(1);
  EXPECT_TRUE(registry_.IsLive(tag));
  EXPECT_TRUE(table_.MarkDead(tag));
  EXPECT_EQ(registry_.Read(1)->state, ParticipantState::kDead);
  table_.Free(tag);
  EXPECT_EQ(registry_.Read(1)->state, ParticipantState::kFree);
}

TEST_F(SlotTableTest, GivesEachProcessOfASlotAnotherTag) {
  const OwnerTag first = *table_.Reserve(1);
  table_.MarkDead(first);
  table_.Free(first);
  const OwnerTag second = *table_.Reserve(1);
  EXPECT_NE(first, second);
  EXPECT_FALSE(table_.IsLive(first));
  EXPECT_TRUE(table_.IsLive(second));
}

TEST_F(SlotTableTest, TellsANewProcessNothingOfTheLastOne) {
  const OwnerTag first = *table_.Reserve(1);
  registry_.SetProcess(first, ::getpid());
  registry_.PublishHeartbeat(first, std::chrono::steady_clock::now());
  table_.MarkDead(first);
  table_.Free(first);
  ASSERT_TRUE(table_.Reserve(1).ok());
  EXPECT_EQ(registry_.Read(1)->pid, 0);
  EXPECT_EQ(registry_.Read(1)->heartbeat, std::chrono::steady_clock::time_point());
}

TEST_F(SlotTableTest, RefusesASlotThatIsNotFree) {
  const OwnerTag tag = *table_.Reserve(1);
  EXPECT_EQ(table_.Reserve(1).status().message(), "reserve slot 1: it is not free");
  table_.MarkDead(tag);
  EXPECT_EQ(table_.Reserve(1).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SlotTableTest, RefusesASlotThatDoesNotExist) {
  EXPECT_EQ(table_.Reserve(kCapacity).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(SlotTableTest, KnowsNoTagOfAnotherProcess) {
  const OwnerTag tag = *table_.Reserve(1);
  for (const OwnerTag other : {OwnerTag(), OwnerTag(99, 1), OwnerTag(1, tag.generation() + 1)}) {
    EXPECT_FALSE(table_.IsLive(other));
    EXPECT_FALSE(table_.MarkDead(other));
  }
  table_.Free(tag);
  EXPECT_TRUE(table_.IsLive(tag)) << "it was not dead";
}

// Whatever a worker wrote into the registry: live, dead, free, of another generation, garbage.
TEST_F(SlotTableTest, IsNotMisledByADamagedRegistry) {
  for (const std::uint32_t word : {1u << 30, 2u << 30, 0u, 1u << 30 | 77u, ~0u}) {
    Damage(1, word);
    const auto tag = table_.Reserve(1);
    ASSERT_TRUE(tag.ok()) << tag.status();
    EXPECT_TRUE(registry_.IsLive(*tag));
    Damage(1, word);
    EXPECT_TRUE(table_.MarkDead(*tag));
    EXPECT_EQ(registry_.Read(1)->state, ParticipantState::kDead);
    Damage(1, word);
    table_.Free(*tag);
    EXPECT_EQ(registry_.Read(1)->state, ParticipantState::kFree);
  }
}

TEST_F(SlotTableTest, RestoresWhatWasDamaged) {
  const OwnerTag tag = *table_.Reserve(1);
  Damage(0, ~0u);
  Damage(1, ~0u);
  table_.Restore();
  EXPECT_EQ(registry_.Read(0)->state, ParticipantState::kFree);
  EXPECT_TRUE(registry_.IsLive(tag));
}

TEST_F(SlotTableTest, KnowsHowManySlotsWereEverUsed) {
  EXPECT_EQ(table_.used(), 0u);
  const OwnerTag tag = *table_.Reserve(1);
  table_.MarkDead(tag);
  table_.Free(tag);
  EXPECT_EQ(table_.used(), 2u);
}

TEST_F(SlotTableTest, GoesOnFromTheRecordOfAnother) {
  const OwnerTag dead = *table_.Reserve(0);
  const OwnerTag live = *table_.Reserve(1);
  table_.MarkDead(dead);
  const auto lines = table_.lines();
  EXPECT_EQ(lines.size(), 2u);
  const auto memory = memory_;
  SlotTable next(registry_, lines);
  EXPECT_EQ(memory, memory_) << "it has stored nothing";
  EXPECT_EQ(next.used(), 2u);
  EXPECT_TRUE(next.IsLive(live));
  EXPECT_FALSE(next.IsLive(dead));
  EXPECT_FALSE(next.Reserve(0).ok()) << "what it held is not recovered yet";
  next.Free(dead);
  EXPECT_EQ(next.ReserveLowest()->generation(), dead.generation() + 1);
  EXPECT_EQ(next.ReserveLowest()->slot(), 2u);
}

}  // namespace
}  // namespace muster::worker
