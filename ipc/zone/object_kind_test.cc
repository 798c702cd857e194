#include "muster/ipc/zone/object_kind.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

constexpr std::uint32_t kLast = static_cast<std::uint32_t>(ObjectKind::kCounter);

TEST(ObjectKind, HasANameOfItsOwn) {
  std::set<std::string> names;
  for (std::uint32_t kind = 1; kind <= kLast; ++kind) {
    names.insert(ToString(static_cast<ObjectKind>(kind)));
  }
  EXPECT_EQ(names.size(), kLast);
  EXPECT_EQ(ToString(static_cast<ObjectKind>(77)), "kind 77");
}

TEST(ObjectKind, IsRecoveredIfItIsKnown) {
  TestZone zone;
  const OwnerTag dead = zone.Reserve(0);
  for (std::uint32_t number = 1; number <= kLast; ++number) {
    const auto kind = static_cast<ObjectKind>(number);
    void* const state = zone.PlaceBytes(StateBytes(kind, TestZone::kCapacity) + 128);
    EXPECT_TRUE(RecoverObject(kind, state, TestZone::kCapacity, dead)) << ToString(kind);
  }
  EXPECT_FALSE(RecoverObject(static_cast<ObjectKind>(77), nullptr, 0, dead));
  EXPECT_FALSE(RecoverObject(static_cast<ObjectKind>(0), nullptr, 0, dead));
}

TEST(ObjectKind, StaysWithinItsBytes) {
  TestZone zone;
  const OwnerTag dead = zone.Reserve(0);
  for (std::uint32_t number = 1; number <= kLast; ++number) {
    const auto kind = static_cast<ObjectKind>(number);
    for (const std::uint32_t count : {0u, 1u, 3u, TestZone::kCapacity}) {
      // On the heap, where an address sanitiser watches the ends.
      std::vector<std::byte> bytes(StateBytes(kind, count) + 127);
      auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
      void* const state = bytes.data() + (128 - address % 128) % 128;
      RecoverObject(kind, state, count, dead);
    }
  }
}

}  // namespace
}  // namespace muster::ipc
