// A mutex whose owner died, gave it up or left its word damaged: who is told, and who repairs.

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/testing/mutex_fixture.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

MutexOptions WithRepair(RepairCallback repair) {
  MutexOptions options;
  options.repair = std::move(repair);
  return options;
}

TEST_F(MutexTest, IsNotMarkedConsistentByAChildOfForkThatHasItsParentsHandle) {
  state_->Recover(KillAnOwner());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  const std::uint32_t word = state_->word;
  ForkedChild child([&] {
    mine().MarkConsistent();
    return 0;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(state_->word, word);
}

TEST_F(MutexTest, TellsTheNextOwnerThatItsOwnerWasKilled) {
  EXPECT_TRUE(state_->Recover(KillAnOwner()));
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(MutexTest, TellsTheNextOwnerBeforeAnybodyHasRecoveredIt) {
  KillAnOwner();
  EXPECT_EQ(mine().TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(MutexTest, TellsADeathOnceToThoseWhoRepair) {
  state_->Recover(KillAnOwner());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, TellsADeathUntilSomebodyRepairs) {
  state_->Recover(KillAnOwner());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(mine().Unlock());
  Mutex other = As(zone_.Reserve(2));
  ASSERT_EQ(other.TryLock(), LockOutcome::kOwnerDied);
  other.MarkConsistent();
  EXPECT_TRUE(other.Unlock());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, IsNotRecoverableWhenAnOwnerSaysSo) {
  EXPECT_FALSE(mine().MarkNotRecoverable()) << "it does not hold it";
  state_->Recover(KillAnOwner());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(mine().MarkNotRecoverable());
  EXPECT_EQ(mine().Lock(), LockOutcome::kNotRecoverable);
  EXPECT_EQ(mine().TryLock(), LockOutcome::kNotRecoverable);
  EXPECT_FALSE(mine().Unlock());
}

TEST_F(MutexTest, TellsTheNextOwnerOfADeathAfterAReset) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(mine().MarkNotRecoverable());
  EXPECT_TRUE(state_->Reset());
  EXPECT_FALSE(state_->Reset());
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(MutexTest, IsNotTakenFromItsOwnerByAReset) {
  EXPECT_FALSE(state_->Reset()) << "nobody holds it";
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(state_->Reset());
  EXPECT_TRUE(mine().Unlock());
}

TEST_F(MutexTest, TellsASecondDeathDuringTheRepair) {
  const OwnerTag first = KillAnOwner();
  state_->Recover(first);
  ASSERT_TRUE(registry().Free(first));
  const OwnerTag second = KillAnOwner();  // it was told of the first
  EXPECT_TRUE(state_->Recover(second));
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(MutexTest, WakesASleeperWhenItsOwnerIsKilled) {
  const OwnerTag owner = zone_.Reserve(1);
  Gate* locked = zone_.Place<Gate>();
  Gate* never = zone_.Place<Gate>();
  ForkedChild child([&] {
    const LockOutcome outcome = As(owner).Lock();
    locked->Open();
    never->Await();
    return static_cast<int>(outcome);
  });
  locked->Await();
  const auto sleeper = Sleep(zone_.Reserve(2));
  child.Kill();
  ASSERT_TRUE(registry().MarkDead(owner));
  EXPECT_TRUE(state_->Recover(owner));
  EXPECT_EQ(sleeper->Join(), kOwnerDied);
}

TEST_F(MutexTest, WakesASleeperWhoseOwnerDiedBetweenTheUnlockAndTheWake) {
  const OwnerTag owner = zone_.Reserve(1);
  state_->word = owner.bits();
  const auto sleeper = Sleep(zone_.Reserve(2));
  state_->word = kUnlockedWord;  // what the owner did last
  ASSERT_TRUE(registry().MarkDead(owner));
  EXPECT_FALSE(state_->Recover(owner));
  EXPECT_EQ(sleeper->Join(), kAcquired);
}

TEST_F(MutexTest, KeepsASleeperWaitingWhenSomebodyElseDies) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto sleeper = Sleep(zone_.Reserve(1));
  const OwnerTag bystander = zone_.Reserve(2);
  ASSERT_TRUE(registry().MarkDead(bystander));
  // A thief that did not know of the sleeper has cleared the flag.
  state_->word = tag_.bits();
  EXPECT_FALSE(state_->Recover(bystander));
  AwaitFutexSleep(sleeper->pid());
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(sleeper->Join(), kAcquired);
}

TEST_F(MutexTest, IsRecoveredAsOftenAsOneLikes) {
  const OwnerTag dead = KillAnOwner();
  EXPECT_TRUE(state_->Recover(dead));
  EXPECT_FALSE(state_->Recover(dead));
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_FALSE(state_->Recover(dead));
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_FALSE(state_->Recover(dead));
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, WakesSleepersWhenItBecomesNotRecoverable) {
  state_->Recover(KillAnOwner());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  const auto first = Sleep(zone_.Reserve(2));
  const auto second = Sleep(zone_.Reserve(3));
  EXPECT_TRUE(mine().MarkNotRecoverable());
  EXPECT_EQ(first->Join(), kNotRecoverable);
  EXPECT_EQ(second->Join(), kNotRecoverable);
}

TEST_F(MutexTest, TellsWhoSpinsThatTheOwnerWasKilled) {
  const OwnerTag owner = KillAnOwner();
  Mutex spinner = As(zone_.Reserve(2), With(MutexOptions::Strategy::kSpin));
  EXPECT_EQ(spinner.Lock(), LockOutcome::kOwnerDied);
  EXPECT_FALSE(state_->Recover(owner));
}

TEST_F(MutexTest, RepairsWithTheCallbackBeforeLockReturns) {
  state_->Recover(KillAnOwner());
  int repairs = 0;
  Mutex mutex = As(zone_.Reserve(2), WithRepair([&] { return ++repairs == 1; }));
  mutex.lock();
  mutex.unlock();
  EXPECT_EQ(repairs, 1);
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, RepairsWithTheCallbackBeforeTryLockReturns) {
  state_->Recover(KillAnOwner());
  int repairs = 0;
  Mutex mutex = As(zone_.Reserve(2), WithRepair([&] { return ++repairs == 1; }));
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_EQ(repairs, 1);
}

TEST_F(MutexTest, DoesNotRepairWhatIsInOrder) {
  Mutex mutex = As(zone_.Reserve(2), WithRepair([]() -> bool { std::abort(); }));
  mutex.lock();
  mutex.unlock();
}

using MutexDeathTest = MutexTest;

TEST_F(MutexDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  state_->Recover(KillAnOwner());
  EXPECT_DEATH(As(tag_).lock(), "Mutex::lock: its owner died .* no repair callback");
}

TEST_F(MutexDeathTest, EndsTheProcessWhenTheRepairFails) {
  state_->Recover(KillAnOwner());
  const auto fail = [] { return false; };
  EXPECT_DEATH(As(tag_, WithRepair(fail)).lock(), "Mutex::lock: its owner died .* or it failed");
}

TEST_F(MutexDeathTest, EndsTheProcessWhenItIsNotRecoverable) {
  state_->word = kPoisonedMark;
  EXPECT_DEATH(As(tag_).lock(), "Mutex::lock: an owner marked it as not recoverable");
  EXPECT_DEATH((void)As(tag_).try_lock(), "Mutex::try_lock: an owner marked it as not recoverable");
}

TEST_F(MutexTest, ReportsAnAbandonedSectionAsADeath) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto sleeper = Sleep(zone_.Reserve(1));
  EXPECT_TRUE(mine().Abandon());
  EXPECT_FALSE(mine().Abandon());
  EXPECT_EQ(sleeper->Join(), kOwnerDied);
}

class DamagedMutex : public MutexTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(DamagedMutex, EndsTheWaitOfWhoLocksIt) {
  state_->word = GetParam();
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

INSTANTIATE_TEST_SUITE_P(Words, DamagedMutex,
                         ::testing::Values(1u << 31, 1u << 30, 3u << 30,
                                           OwnerTag(7, 5).bits(),     // never reserved
                                           OwnerTag(0, 77).bits(),    // another generation
                                           OwnerTag(4000, 1).bits(),  // beyond the registry
                                           0x00001000u, 0xdeadb000u, 0xfffffffeu));

TEST_F(MutexTest, EndsASleepDuringWhichItsWordWasDamaged) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto sleeper = Sleep(zone_.Reserve(1));
  state_->word = OwnerTag(4000, 1).bits();
  EXPECT_EQ(sleeper->Join(), kOwnerDied);
}

TEST_F(MutexTest, LosesNothingWhenItsWordWasDamagedUnderItsOwner) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  state_->word = 0xdeadb000u;
  EXPECT_FALSE(mine().Unlock());
  EXPECT_EQ(state_->word, 0xdeadb000u);
}

TEST(MutexWithoutParent, TellsASleeperThatItsOwnerWasKilled) {
  TestZone zone(TestZone::Parent::kNone);
  MutexState* state = zone.Place<MutexState>();
  Gate* locked = zone.Place<Gate>();
  Gate* never = zone.Place<Gate>();
  ForkedChild owner([&] {
    const LockOutcome outcome = Mutex(state, zone.registry(), zone.Claim()).Lock();
    locked->Open();
    never->Await();
    return static_cast<int>(outcome);
  });
  locked->Await();
  ForkedChild sleeper(
      [&] { return static_cast<int>(Mutex(state, zone.registry(), zone.Claim()).Lock()); });
  AwaitFutexSleep(sleeper.pid());
  owner.Kill();
  // Nobody recovers: the sleeper looks for itself.
  EXPECT_EQ(sleeper.Join(), kOwnerDied);
}

}  // namespace
}  // namespace muster::ipc
