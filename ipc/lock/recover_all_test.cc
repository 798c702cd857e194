#include "muster/ipc/lock/recover_all.h"

#include <array>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

TEST(RecoverAll, FreesEveryLockThatTheDeadOneHeldAndNoOther) {
  TestZone zone;
  const OwnerTag dead = zone.Reserve(1);
  const OwnerTag live = zone.Reserve(2);
  auto& states = *zone.Place<std::array<MutexState, 4>>();
  states[0].word = dead.bits();
  states[1].word = live.bits();
  states[3].word = dead.bits() | OwnerTag::kWaiters;
  ASSERT_TRUE(zone.registry().MarkDead(dead));
  EXPECT_EQ(RecoverAll(absl::MakeSpan(states), dead), 2);
  EXPECT_EQ(states[0].word, kAbandonedWord);
  EXPECT_EQ(states[1].word, live.bits());
  EXPECT_EQ(states[2].word, kUnlockedWord);
  EXPECT_EQ(states[3].word, kAbandonedWord);
}

TEST(RecoverAll, FindsNothingTheSecondTime) {
  TestZone zone;
  const OwnerTag dead = zone.Reserve(1);
  auto& states = *zone.Place<std::array<MutexState, 2>>();
  states[1].word = dead.bits();
  ASSERT_TRUE(zone.registry().MarkDead(dead));
  EXPECT_EQ(RecoverAll(absl::MakeSpan(states), dead), 1);
  EXPECT_EQ(RecoverAll(absl::MakeSpan(states), dead), 0);
}

}  // namespace
}  // namespace muster::ipc
