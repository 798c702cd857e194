#include "muster/ipc/lock/spinlock.h"

#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

class SpinlockTest : public ::testing::Test {
 protected:
  const Registry& registry() { return zone_.registry(); }
  Spinlock As(OwnerTag tag, RepairCallback repair = nullptr) {
    return Spinlock(state_, registry(), tag, std::move(repair));
  }
  // The test's own participant.
  Spinlock& mine() { return mine_; }
  // In slot 1: killed while it held the lock, and its death marked.
  OwnerTag KillAnOwner() {
    const OwnerTag owner = zone_.Reserve(1);
    ForkedChild child([&] {
      if (Holds(As(owner).Lock())) ::raise(SIGKILL);
      return 1;
    });
    EXPECT_EQ(child.Join(), -SIGKILL);
    EXPECT_TRUE(registry().MarkDead(owner));
    return owner;
  }

  TestZone zone_;
  SpinlockState* state_ = zone_.Place<SpinlockState>();
  OwnerTag tag_ = zone_.Reserve(0);
  Spinlock mine_ = As(tag_);
};

TEST_F(SpinlockTest, IsUnlockedWhenAllItsBytesAreZero) {
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(SpinlockTest, IsBusyWhileAnotherHoldsIt) {
  Spinlock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().TryLock(), LockOutcome::kBusy);
  other.Unlock();
  EXPECT_EQ(mine().TryLock(), LockOutcome::kAcquired);
}

TEST_F(SpinlockTest, ReportsAnAbandonedSectionAsADeath) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mine().Abandon());
  EXPECT_FALSE(mine().Abandon());
  EXPECT_EQ(As(zone_.Reserve(1)).TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(SpinlockTest, IsNotUnlockedByWhoDoesNotHoldIt) {
  Spinlock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(mine().Unlock());
  EXPECT_EQ(mine().TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(other.Unlock());
  EXPECT_FALSE(other.Unlock());
}

TEST_F(SpinlockTest, HasNoHolderUnlessSomebodyHoldsIt) {
  ASSERT_EQ(mine().TryLock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(state_->holder, 0u);
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mine().Abandon());
  EXPECT_EQ(state_->holder, 0u);
  // Also in the slow paths.
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_EQ(state_->holder, tag_.bits());
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(state_->holder, 0u);
}

// Its tag comes round again, and must not unlock what the slot's later holder never locked.
TEST_F(SpinlockTest, ForgetsAHolderThatDied) {
  const OwnerTag dead = KillAnOwner();
  ASSERT_EQ(state_->holder, dead.bits());
  state_->Recover(dead);
  EXPECT_EQ(state_->holder, 0u);
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  state_->Recover(dead);
  EXPECT_EQ(state_->holder, tag_.bits()) << "the next owner's is not the dead one's";
}

bool IsRefused(Spinlock& lock, const SpinlockState& state) {
  const std::uint32_t before = state.word;
  return lock.Lock() == LockOutcome::kNotParticipant &&
         lock.TryLock() == LockOutcome::kNotParticipant && !lock.Unlock() && state.word == before;
}

TEST_F(SpinlockTest, IsNeitherLockedNorUnlockedByAChildOfForkThatHasItsParentsHandle) {
  const auto body = [&] { return IsRefused(mine(), *state_) ? 0 : 1; };
  EXPECT_EQ(ForkedChild(body).Join(), 0);
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(ForkedChild(body).Join(), 0);
  EXPECT_TRUE(mine().Unlock());
}

TEST_F(SpinlockTest, IsNotLockedWithATagThatTheRegistryNeverGave) {
  for (const OwnerTag tag : {OwnerTag(), OwnerTag(3, 7), OwnerTag(1000, 1)}) {
    Spinlock stranger = As(tag);
    EXPECT_TRUE(IsRefused(stranger, *state_));
    state_->word = tag.bits();
    EXPECT_TRUE(IsRefused(stranger, *state_));
    state_->word = kUnlockedWord;
  }
}

TEST_F(SpinlockTest, HonoursItsDeadline) {
  Spinlock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(mine().TryLockUntil(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(SpinlockTest, ReportsThatItsOwnerWouldWaitForItself) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().Lock(), LockOutcome::kWouldDeadlock);
}

TEST_F(SpinlockTest, TellsWhoSpinsThatItsOwnerWasKilled) {
  KillAnOwner();
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(SpinlockTest, TellsWhoAlreadySpunWhenItsOwnerWasKilled) {
  const OwnerTag owner = zone_.Reserve(1);
  state_->word = owner.bits();
  Gate* spinning = zone_.Place<Gate>();
  const OwnerTag tag = zone_.Reserve(2);
  ForkedChild spinner([&] {
    Spinlock lock = As(tag);
    if (lock.TryLock() != LockOutcome::kBusy) return -1;
    spinning->Open();
    return static_cast<int>(lock.Lock());
  });
  spinning->Await();
  ASSERT_TRUE(registry().MarkDead(owner));
  EXPECT_EQ(spinner.Join(), static_cast<int>(LockOutcome::kOwnerDied));
}

TEST_F(SpinlockTest, TellsADeathOnce) {
  EXPECT_TRUE(state_->Recover(KillAnOwner()));
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().Unlock();
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(SpinlockTest, IsUsableAgainAfterAResetOfADamagedWord) {
  EXPECT_FALSE(state_->Reset());
  state_->word = kPoisonedMark;
  EXPECT_EQ(mine().Lock(), LockOutcome::kNotRecoverable);
  EXPECT_TRUE(state_->Reset());
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_FALSE(state_->Reset());
}

TEST_F(SpinlockTest, IsRecoveredAsOftenAsOneLikes) {
  const OwnerTag dead = KillAnOwner();
  EXPECT_TRUE(state_->Recover(dead));
  EXPECT_FALSE(state_->Recover(dead));
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_FALSE(state_->Recover(dead));
  mine().Unlock();
  EXPECT_EQ(state_->word, kUnlockedWord);
}

TEST_F(SpinlockTest, RepairsWithTheCallbackBeforeLockReturns) {
  KillAnOwner();
  int repairs = 0;
  Spinlock lock = As(zone_.Reserve(2), [&] { return ++repairs == 1; });
  lock.lock();
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  EXPECT_EQ(repairs, 1);
}

using SpinlockDeathTest = SpinlockTest;

TEST_F(SpinlockDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  KillAnOwner();
  EXPECT_DEATH(As(tag_).lock(), "Spinlock::lock: its owner died");
}

TEST_F(SpinlockDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(As(tag_).unlock(), "Spinlock::unlock: this participant does not hold it");
}

class DamagedSpinlock : public SpinlockTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(DamagedSpinlock, EndsTheWaitOfWhoLocksIt) {
  state_->word = GetParam();
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().Unlock();
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

INSTANTIATE_TEST_SUITE_P(Words, DamagedSpinlock,
                         ::testing::Values(1u << 31, 1u << 30, OwnerTag(7, 5).bits(),
                                           OwnerTag(4000, 1).bits(), 0xdeadb000u));

// Not atomic: only the lock keeps it right.
void CountTo(long rounds, Spinlock lock, long& count) {
  for (long i = 0; i < rounds; ++i) {
    const std::lock_guard guard(lock);
    ++count;
  }
}

TEST_F(SpinlockTest, ExcludesProcesses) {
  constexpr int kProcesses = 3;
  constexpr long kRounds = 20'000;
  long* count = zone_.Place<long>();
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (std::uint32_t slot = 1; slot <= kProcesses; ++slot) {
    const OwnerTag tag = zone_.Reserve(slot);
    children.push_back(std::make_unique<ForkedChild>([&] {
      CountTo(kRounds, As(tag), *count);
      return 0;
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(*count, kProcesses * kRounds);
}

TEST_F(SpinlockTest, ExcludesThreads) {
  constexpr int kThreads = 3;
  constexpr long kRounds = 20'000;
  long count = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= kThreads; ++slot) {
    threads.emplace_back(
        [this, &count, tag = zone_.Reserve(slot)] { CountTo(kRounds, As(tag), count); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

}  // namespace
}  // namespace muster::ipc
