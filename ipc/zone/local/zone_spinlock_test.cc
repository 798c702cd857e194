#include "muster/ipc/zone/local/zone_spinlock.h"

#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"

namespace muster::ipc {
namespace {

class ZoneSpinlockTest : public ::testing::Test {
 protected:
  Spinlock As(OwnerTag tag) { return Spinlock(state_, zone_.registry(), tag); }

  TestZone zone_;
  SpinlockState* state_ = zone_.Place<SpinlockState>();
  OwnerTag tag_ = zone_.Reserve(0);
  ZoneSpinlock spinlock_{As(tag_)};
  // Another participant's.
  Spinlock other_ = As(zone_.Reserve(1));
};

Deadline Soon() { return Deadline::After(absl::Milliseconds(5)); }

TEST_F(ZoneSpinlockTest, IsTheZonesSpinlock) {
  ASSERT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(spinlock_.Unlock());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(spinlock_.TryLock(), LockOutcome::kBusy);
  EXPECT_EQ(spinlock_.TryLockUntil(Soon()), LockOutcome::kTimedOut);
}

TEST_F(ZoneSpinlockTest, IsBusyWhileAnotherThreadHoldsIt) {
  ASSERT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(InThread([&] { return spinlock_.TryLock(); }), LockOutcome::kBusy);
  EXPECT_FALSE(InThread([&] { return spinlock_.try_lock(); }));
  EXPECT_EQ(InThread([&] { return spinlock_.TryLockUntil(Soon()); }), LockOutcome::kTimedOut);
}

TEST_F(ZoneSpinlockTest, ReportsAThreadThatWouldWaitForItself) {
  ASSERT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(spinlock_.Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(spinlock_.TryLock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(spinlock_.TryLockUntil(Soon()), LockOutcome::kWouldDeadlock);
  EXPECT_TRUE(spinlock_.Unlock());
}

TEST_F(ZoneSpinlockTest, IsUnlockedOnlyByTheThreadThatHoldsIt) {
  EXPECT_FALSE(spinlock_.Unlock());
  ASSERT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(InThread([&] { return spinlock_.Unlock(); }));
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(spinlock_.Unlock());
}

TEST_F(ZoneSpinlockTest, TellsTheNextOwnerOfAThreadThatEndedWhileItHeldIt) {
  EXPECT_EQ(InThread([&] { return spinlock_.Lock(); }), LockOutcome::kAcquired);
  EXPECT_EQ(other_.Lock(), LockOutcome::kOwnerDied);
  other_.Unlock();
  EXPECT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
}

TEST_F(ZoneSpinlockTest, FailsInAChildOfFork) {
  EXPECT_EQ(spinlock_.Lock(), LockOutcome::kAcquired);
  ForkedChild child([&] {
    const bool fails = spinlock_.Lock() == LockOutcome::kNotParticipant &&
                       spinlock_.TryLock() == LockOutcome::kNotParticipant &&
                       spinlock_.TryLockUntil(Soon()) == LockOutcome::kNotParticipant &&
                       !spinlock_.Unlock();
    spinlock_.~ZoneSpinlock();
    return fails ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(spinlock_.Unlock());
}

TEST_F(ZoneSpinlockTest, RepairsWithTheCallback) {
  state_->word = kAbandonedWord;
  int repairs = 0;
  ZoneSpinlock spinlock(As(zone_.Reserve(2)), [&] { return ++repairs > 0; });
  {
    const std::scoped_lock guard(spinlock);
    EXPECT_EQ(repairs, 1);
  }
  EXPECT_EQ(other_.Lock(), LockOutcome::kAcquired);
}

using ZoneSpinlockDeathTest = ZoneSpinlockTest;

TEST_F(ZoneSpinlockDeathTest, EndsTheProcessThatCannotGoOn) {
  EXPECT_DEATH(spinlock_.unlock(), "ZoneSpinlock::unlock: this participant does not hold it");
  state_->word = kAbandonedWord;
  // A child of fork needs its own object.
  EXPECT_DEATH(ZoneSpinlock(As(tag_)).lock(), "ZoneSpinlock::lock: its owner died");
}

}  // namespace
}  // namespace muster::ipc
