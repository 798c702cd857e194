// A ZoneRwLock after deaths, and after the end of a thread that held it.

#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"
#include "muster/ipc/zone/local/zone_rw_lock_fixture.h"

namespace muster::ipc {
namespace {

TEST_F(ZoneRwLockTest, SendsReadersToRepairAfterADeath) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(other_.Abandon());
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kNeedsRepair);
  EXPECT_EQ(lock_.Lock(), LockOutcome::kOwnerDied);
  lock_.MarkConsistent();
  EXPECT_TRUE(lock_.Unlock());
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, TellsTheNextWriterOfAThreadThatEndedWhileItWrote) {
  EXPECT_EQ(InThread([&] { return lock_.Lock(); }), LockOutcome::kAcquired);
  EXPECT_EQ(lock_.TryLockShared(), LockOutcome::kNeedsRepair);
  EXPECT_EQ(other_.Lock(), LockOutcome::kOwnerDied);
  other_.MarkConsistent();
  EXPECT_TRUE(other_.Unlock());
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, WakesThreadsThatWaitForAWriterThatEnds) {
  Gate gate;
  Gate is_held;
  std::thread owner([&] {
    EXPECT_EQ(lock_.Lock(), LockOutcome::kAcquired);
    is_held.Open();
    gate.Await();
  });
  is_held.Await();
  BlockedThread reader([&] { return lock_.LockShared(); });
  gate.Open();
  owner.join();
  EXPECT_EQ(reader.Join(), LockOutcome::kNeedsRepair);
}

TEST_F(ZoneRwLockTest, IsGivenBackByAThreadThatEndedWhileItRead) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(InThread([&] { return lock_.LockShared(); }), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, IsGivenBackByALastReaderThatEnded) {
  EXPECT_EQ(InThread([&] { return lock_.LockShared(); }), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, IsGivenUpWhenTheThreadThatHoldsItDestroysIt) {
  {
    ZoneRwLock passing(As(tag_));
    EXPECT_EQ(passing.LockShared(), LockOutcome::kAcquired);
  }
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
  EXPECT_TRUE(other_.Unlock());
  {
    ZoneRwLock passing(As(tag_));
    EXPECT_EQ(passing.Lock(), LockOutcome::kAcquired);
  }
  EXPECT_EQ(other_.TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(ZoneRwLockTest, RepairsWithTheCallbackBeforeAReaderEnters) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(other_.Abandon());
  int repairs = 0;
  ZoneRwLock lock(As(zone_.Reserve(2)), [&] { return ++repairs > 0; });
  {
    const std::shared_lock guard(lock);
    EXPECT_EQ(repairs, 1);
  }
  const std::unique_lock guard(lock, std::chrono::seconds(60));
  EXPECT_TRUE(guard.owns_lock());
  EXPECT_EQ(repairs, 1);
}

TEST_F(ZoneRwLockTest, IsNotRecoverableWhenAWriterSaysSo) {
  EXPECT_FALSE(lock_.MarkNotRecoverable()) << "no thread holds it";
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(lock_.MarkNotRecoverable());
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kNotRecoverable);
  EXPECT_TRUE(state_->Reset());
  EXPECT_EQ(lock_.Lock(), LockOutcome::kOwnerDied);
}

using ZoneRwLockDeathTest = ZoneRwLockTest;

TEST_F(ZoneRwLockDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(other_.Abandon());
  // A child of fork needs its own object.
  EXPECT_DEATH(ZoneRwLock(As(tag_)).lock(), "ZoneRwLock::lock: its owner died");
}

}  // namespace
}  // namespace muster::ipc
