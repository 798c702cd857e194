#include "muster/ipc/lock/internal/identity.h"

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc::internal {
namespace {

class IdentityTest : public ::testing::Test {
 protected:
  const Registry& registry() { return zone_.registry(); }
  bool IsRefused(OwnerTag tag) {
    const Identity identity(registry(), tag);
    return !identity.holds() && !identity.Confirm(registry());
  }

  TestZone zone_;
};

TEST_F(IdentityTest, HoldsForALiveParticipant) {
  const Identity identity(registry(), zone_.Reserve(1));
  EXPECT_TRUE(identity.holds());
  EXPECT_TRUE(identity.Confirm(registry()));
}

TEST_F(IdentityTest, IsRefusedToATagThatTheRegistryNeverGave) {
  const OwnerTag live = zone_.Reserve(1);
  EXPECT_TRUE(IsRefused(OwnerTag()));
  EXPECT_TRUE(IsRefused(OwnerTag(2, 1))) << "a free slot";
  EXPECT_TRUE(IsRefused(OwnerTag(1, live.generation() + 1))) << "another generation";
  EXPECT_TRUE(IsRefused(OwnerTag(TestZone::kCapacity, 1))) << "beyond the registry";
  EXPECT_TRUE(IsRefused(OwnerTag::InWord(kDoneMark)));
}

TEST_F(IdentityTest, IsRefusedToTheDead) {
  const OwnerTag dead = zone_.Reserve(1);
  ASSERT_TRUE(registry().MarkDead(dead));
  EXPECT_TRUE(IsRefused(dead));
}

TEST_F(IdentityTest, IsRefusedToAChildOfFork) {
  const Identity identity(registry(), zone_.Reserve(1));
  ForkedChild child([&] { return identity.holds() || identity.Confirm(registry()) ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(IdentityTest, IsConfirmedWhenTheRegistryIsInOrderAgain) {
  const OwnerTag tag = zone_.Reserve(1);
  registry().Store(tag, ParticipantState::kFree);
  const Identity identity(registry(), tag);
  registry().Store(tag, ParticipantState::kLive);
  EXPECT_FALSE(identity.holds());
  EXPECT_TRUE(identity.Confirm(registry()));
  ForkedChild child([&] { return identity.Confirm(registry()) ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
}

}  // namespace
}  // namespace muster::ipc::internal
