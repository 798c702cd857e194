#include "muster/ipc/lock/registry.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

using ::testing::HasSubstr;

class RegistryMemory {
 public:
  void* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  template <typename Value>
  void Overwrite(std::size_t offset, Value value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

 private:
  alignas(128) std::array<char, 128 * 5> bytes_ = {};
};

TEST(Registry, TakesOneLineForEachSlotAndOneForItsHeader) {
  EXPECT_EQ(Registry::BytesFor(1), 256u);
  EXPECT_EQ(Registry::BytesFor(OwnerTag::kMaxSlots), 4095u * 128);
}

TEST(Registry, IsAttachedWithTheCapacityItWasMadeWith) {
  RegistryMemory memory;
  ASSERT_TRUE(Registry::Create(memory.data(), memory.size(), 3).ok());
  const auto attached = Registry::Attach(memory.data(), memory.size());
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_EQ(attached->capacity(), 3u);
}

TEST(Registry, RefusesCapacitiesOutOfRange) {
  RegistryMemory memory;
  EXPECT_THAT(Registry::Create(memory.data(), memory.size(), 0).status().message(),
              HasSubstr("a capacity of 0 is not within 1..4094"));
  EXPECT_THAT(Registry::Create(memory.data(), 1 << 20, 4095).status().message(),
              HasSubstr("a capacity of 4095 is not within 1..4094"));
}

TEST(Registry, RefusesMemoryThatIsTooSmall) {
  RegistryMemory memory;
  EXPECT_EQ(Registry::Create(memory.data(), 640, 5).status().message(),
            "registry: a capacity of 5 needs 768 bytes, there are 640");
  EXPECT_THAT(Registry::Attach(memory.data(), 127).status().message(),
              HasSubstr("127 bytes do not hold its header"));
}

TEST(Registry, RefusesMemoryThatIsNotAligned) {
  RegistryMemory memory;
  char* const odd = static_cast<char*>(memory.data()) + 64;
  EXPECT_THAT(Registry::Attach(odd, 256).status().message(), HasSubstr("not aligned"));
}

TEST(Registry, RefusesToAttachWhatIsNotOne) {
  RegistryMemory memory;
  EXPECT_THAT(Registry::Attach(memory.data(), memory.size()).status().message(),
              HasSubstr("wrong magic 0x0"));
}

TEST(Registry, RefusesToAttachAnotherLayout) {
  RegistryMemory memory;
  ASSERT_TRUE(Registry::Create(memory.data(), memory.size(), 3).ok());
  memory.Overwrite<std::uint32_t>(8, 77);
  EXPECT_THAT(Registry::Attach(memory.data(), memory.size()).status().message(),
              HasSubstr("layout version 77"));
}

TEST(Registry, RefusesToAttachACapacityBeyondItsMemory) {
  RegistryMemory memory;
  ASSERT_TRUE(Registry::Create(memory.data(), memory.size(), 3).ok());
  memory.Overwrite<std::uint32_t>(12, 4000);
  EXPECT_THAT(Registry::Attach(memory.data(), memory.size()).status().message(),
              HasSubstr("a capacity of 4000 needs"));
}

TEST(Registry, GivesEachReservationATagOfItsOwn) {
  const TestZone zone;
  const OwnerTag first = zone.Reserve(2);
  ASSERT_TRUE(zone.registry().MarkDead(first));
  ASSERT_TRUE(zone.registry().Free(first));
  const OwnerTag second = zone.Reserve(2);
  EXPECT_EQ(second.slot(), 2u);
  EXPECT_NE(first, second);
}

TEST(Registry, ReservesASlotOnce) {
  const TestZone zone;
  zone.Reserve(2);
  EXPECT_EQ(zone.registry().Reserve(2).status().message(), "reserve slot 2: it is not free");
}

TEST(Registry, KeepsTheSlotOfTheDeadUntilItIsFreed) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  ASSERT_TRUE(zone.registry().MarkDead(tag));
  EXPECT_FALSE(zone.registry().Reserve(2).ok());
  ASSERT_TRUE(zone.registry().Free(tag));
  EXPECT_TRUE(zone.registry().Reserve(2).ok());
}

TEST(Registry, HasNoSlotBeyondItsCapacity) {
  const TestZone zone;
  EXPECT_EQ(zone.registry().Reserve(8).status().message(), "reserve slot 8: the registry has 8");
  EXPECT_FALSE(zone.registry().Read(8).has_value());
}

TEST(Registry, CallsAReservedTagLiveUntilItsDeathIsMarked) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  EXPECT_TRUE(zone.registry().IsLive(tag));
  EXPECT_TRUE(zone.registry().MarkDead(tag));
  EXPECT_FALSE(zone.registry().IsLive(tag));
}

TEST(Registry, CallsEarlierGenerationsAndGarbageDead) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  EXPECT_FALSE(zone.registry().IsLive(OwnerTag(2, tag.generation() - 1)));
  EXPECT_FALSE(zone.registry().IsLive(OwnerTag(3, tag.generation())));
  EXPECT_FALSE(zone.registry().IsLive(OwnerTag(4000, 1)));
  EXPECT_FALSE(zone.registry().IsLive(OwnerTag()));
  EXPECT_FALSE(zone.registry().IsLive(OwnerTag::InWord(kPoisonedMark)));
}

TEST(Registry, MarksADeathOnce) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  EXPECT_TRUE(zone.registry().MarkDead(tag));
  EXPECT_FALSE(zone.registry().MarkDead(tag));
}

TEST(Registry, DoesNotFreeTheLiving) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  EXPECT_FALSE(zone.registry().Free(tag));
  EXPECT_TRUE(zone.registry().IsLive(tag));
}

TEST(Registry, KnowsTheProcessThatJoined) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  ForkedChild child([&] { return zone.registry().Join(tag).ok() ? 0 : 1; });
  const pid_t pid = child.pid();
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(zone.registry().Read(2)->pid, pid);
  EXPECT_GT(zone.registry().Read(2)->start_time_ticks, 0u);
}

TEST(Registry, RefusesToJoinWhatNobodyReserved) {
  const TestZone zone;
  EXPECT_EQ(zone.registry().Join(OwnerTag(2, 1)).message(),
            "join slot 2: generation 1 is not reserved");
}

TEST(Registry, ForgetsTheProcessOfTheGenerationBefore) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  zone.registry().SetProcess(tag, ::getpid());
  ASSERT_TRUE(zone.registry().MarkDead(tag) && zone.registry().Free(tag));
  zone.Reserve(2);
  EXPECT_EQ(zone.registry().Read(2)->pid, 0);
  EXPECT_EQ(zone.registry().Read(2)->start_time_ticks, 0u);
}

TEST(Registry, ShowsTheHeartbeatOfAnotherProcess) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  const std::chrono::steady_clock::time_point beat(std::chrono::seconds(42));
  ForkedChild child([&] {
    zone.registry().PublishHeartbeat(tag, beat);
    return 0;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(zone.registry().Read(2)->heartbeat, beat);
}

TEST(Registry, WrapsTheGenerationWithinItsBits) {
  RegistryMemory memory;
  const auto registry = Registry::Create(memory.data(), memory.size(), 3);
  ASSERT_TRUE(registry.ok());
  memory.Overwrite<std::uint32_t>(128, OwnerTag::kGenerationMask);
  const auto tag = registry->Reserve(0);
  ASSERT_TRUE(tag.ok()) << tag.status();
  EXPECT_EQ(tag->generation(), 0u);
  EXPECT_TRUE(registry->IsLive(*tag));
}

TEST(Registry, RefusesGenerationsOfMoreBitsThanATagHas) {
  RegistryMemory memory;
  for (const int bits : {-1, 0, 19, 64}) {
    EXPECT_THAT(Registry::Create(memory.data(), memory.size(), 3, nullptr, bits).status().message(),
                HasSubstr("are not within 1..18"));
  }
}

TEST(Registry, KeepsTheWidthOfItsGenerations) {
  RegistryMemory memory;
  ASSERT_TRUE(Registry::Create(memory.data(), memory.size(), 3, nullptr, 2).ok());
  const auto registry = Registry::Attach(memory.data(), memory.size());
  ASSERT_TRUE(registry.ok()) << registry.status();
  const OwnerTag first = *registry->Reserve(0);
  OwnerTag last = first;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(registry->MarkDead(last) && registry->Free(last));
    last = *registry->Reserve(0);
  }
  EXPECT_EQ(last, first);
}

TEST(Registry, ReservesAnySlotThatIsFree) {
  const TestZone zone;
  std::set<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < TestZone::kCapacity; ++i) {
    const auto tag = zone.registry().ReserveAny();
    ASSERT_TRUE(tag.ok()) << tag.status();
    slots.insert(tag->slot());
  }
  EXPECT_EQ(slots.size(), TestZone::kCapacity);
  EXPECT_EQ(zone.registry().ReserveAny().status().message(),
            "reserve a slot: all 8 of the registry are taken");
}

// Both find it free; the one that is late must not take the other's process away.
TEST(Registry, KeepsTheProcessOfTwoWhoReserveAtOnce) {
  TestZone zone;
  constexpr int kRounds = 200;
  auto* turn = zone.Place<std::atomic<std::uint32_t>>();
  const auto compete = [&](std::uint32_t rounds_of_each) {
    for (std::uint32_t round = 0; round < rounds_of_each; ++round) {
      turn->fetch_add(1);
      while (turn->load() < 2 * (round + 1)) ::sched_yield();
      const auto tag = zone.registry().Reserve(round % TestZone::kCapacity);
      if (!tag.ok()) continue;
      zone.registry().SetProcess(*tag, ::getpid());
      if (zone.registry().Read(tag->slot())->pid != ::getpid()) return 1;
      zone.registry().MarkDead(*tag);
      zone.registry().Free(*tag);
    }
    return 0;
  };
  ForkedChild other([&] { return compete(kRounds); });
  EXPECT_EQ(compete(kRounds), 0);
  EXPECT_EQ(other.Join(), 0);
}

TEST(Registry, FindsOutThatAProcessIsGoneThatNobodyMarksDead) {
  const TestZone zone;
  const OwnerTag tag = zone.Reserve(2);
  ForkedChild child([] { return 0; });
  zone.registry().SetProcess(tag, child.pid());
  child.Join();
  EXPECT_FALSE(zone.registry().IsLiveNow(tag));
  EXPECT_EQ(zone.registry().Read(2)->state, ParticipantState::kDead);
}

TEST(Registry, FindsOutThatTheParentDiedBeforeItStartedAnybody) {
  TestZone zone;
  auto* bits = zone.Place<std::atomic<std::uint32_t>>();
  ForkedChild parent([&] {
    *bits = zone.Reserve(2).bits();
    return 0;
  });
  ASSERT_EQ(parent.Join(), 0);
  EXPECT_FALSE(zone.registry().IsLiveNow(OwnerTag::InWord(*bits)));
}

TEST(Registry, BelievesAReservationWhileItsParentLives) {
  const TestZone zone;
  EXPECT_TRUE(zone.registry().IsLiveNow(zone.Reserve(2)));
}

}  // namespace
}  // namespace muster::ipc
