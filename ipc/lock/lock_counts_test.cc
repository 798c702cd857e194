#include "muster/ipc/lock/lock_counts.h"

#include <csignal>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

using RwState = RwLockState<TestZone::kCapacity>;

class LockCountsTest : public ::testing::Test {
 protected:
  Mutex MutexAs(OwnerTag tag,
                MutexOptions::Strategy strategy = MutexOptions::Strategy::kSpinThenSleep) {
    return Mutex(mutex_, zone_.registry(), tag, {.strategy = strategy, .repair = nullptr});
  }
  RwLock RwLockAs(OwnerTag tag) { return *RwLock::Create(rw_, zone_.registry(), tag); }
  const LockCounts& of_rw() const { return rw_->writer.counts; }

  // A process of that tag that calls `lock`, and is killed then.
  void DieIn(OwnerTag tag, const std::function<void()>& lock) {
    ForkedChild child([&] {
      lock();
      ::raise(SIGKILL);
      return 0;
    });
    ASSERT_EQ(child.Join(), -SIGKILL);
    ASSERT_TRUE(zone_.registry().MarkDead(tag));
  }
  // One that calls `lock`, and sleeps in it now.
  std::unique_ptr<ForkedChild> SleepIn(const std::function<LockOutcome()>& lock) {
    auto child = std::make_unique<ForkedChild>([&] { return static_cast<int>(lock()); });
    AwaitFutexSleep(child->pid());
    return child;
  }

  TestZone zone_;
  MutexState* mutex_ = zone_.Place<MutexState>();
  RwState* rw_ = zone_.Place<RwState>();
  const OwnerTag self_ = zone_.Reserve(0);
  const OwnerTag other_ = zone_.Reserve(1);
};

TEST_F(LockCountsTest, AreZeroWhereNobodyWaits) {
  Mutex mutex = MutexAs(self_);
  Mutex others = MutexAs(other_);
  ASSERT_EQ(mutex.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(others.TryLock(), LockOutcome::kBusy) << "which does not wait";
  ASSERT_TRUE(mutex.Unlock());
  RwLock rw = RwLockAs(self_);
  ASSERT_EQ(rw.LockShared(), LockOutcome::kAcquired);
  ASSERT_TRUE(rw.UnlockShared());
  ASSERT_EQ(rw.Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(rw.Unlock());
  EXPECT_EQ(mutex_->counts.waits() + of_rw().waits(), 0u);
  EXPECT_EQ(mutex_->counts.recoveries() + of_rw().recoveries(), 0u);
}

TEST_F(LockCountsTest, CountEachCallThatSleepsOnce) {
  Mutex mutex = MutexAs(self_);
  ASSERT_EQ(mutex.Lock(), LockOutcome::kAcquired);
  const auto sleeper = SleepIn([&] { return MutexAs(other_).Lock(); });
  EXPECT_EQ(mutex_->counts.waits(), 1u);
  // Several looks of the sleeper at the word, as after wakes that others were faster to use.
  EXPECT_EQ(MutexAs(zone_.Reserve(2)).TryLockFor(absl::Milliseconds(1)), LockOutcome::kTimedOut);
  EXPECT_EQ(mutex_->counts.waits(), 2u);
  mutex_->Recover(zone_.Reserve(3));  // wakes everybody
  AwaitFutexSleep(sleeper->pid());
  ASSERT_TRUE(mutex.Unlock());
  EXPECT_EQ(sleeper->Join(), static_cast<int>(LockOutcome::kAcquired));
  EXPECT_EQ(mutex_->counts.waits(), 2u);
  EXPECT_EQ(mutex_->counts.recoveries(), 0u);
}

TEST_F(LockCountsTest, CountThoseThatSpinInVain) {
  Mutex mutex = MutexAs(self_);
  ASSERT_EQ(mutex.Lock(), LockOutcome::kAcquired);
  Mutex spinning = MutexAs(other_, MutexOptions::Strategy::kSpin);
  EXPECT_EQ(spinning.TryLockFor(absl::Milliseconds(5)), LockOutcome::kTimedOut);
  EXPECT_EQ(mutex_->counts.waits(), 1u);
}

TEST_F(LockCountsTest, CountADeadOwnerOnceWhoeverTakesItAway) {
  DieIn(other_, [&] { (void)MutexAs(other_).Lock(); });
  EXPECT_TRUE(mutex_->Recover(other_));
  EXPECT_FALSE(mutex_->Recover(other_));
  EXPECT_EQ(mutex_->counts.recoveries(), 1u);
  Mutex mutex = MutexAs(self_);
  EXPECT_EQ(mutex.Lock(), LockOutcome::kOwnerDied);
  ASSERT_TRUE(mutex.Unlock());  // not repaired: the next owner is told, but nobody died
  EXPECT_EQ(mutex.Lock(), LockOutcome::kOwnerDied);
  mutex.MarkConsistent();
  ASSERT_TRUE(mutex.Unlock());
  EXPECT_EQ(mutex_->counts.recoveries(), 1u);

  const OwnerTag another = zone_.Reserve(2);
  DieIn(another, [&] { (void)MutexAs(another).Lock(); });
  EXPECT_EQ(mutex.TryLock(), LockOutcome::kOwnerDied);  // before any Recover
  mutex_->Recover(another);
  EXPECT_EQ(mutex_->counts.recoveries(), 2u);
}

TEST_F(LockCountsTest, CountAThreadThatEndedWithinItsSection) {
  Mutex mutex = MutexAs(self_);
  EXPECT_FALSE(mutex.Abandon()) << "it does not hold it";
  EXPECT_EQ(mutex_->counts.recoveries(), 0u);
  ASSERT_EQ(mutex.Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mutex.Abandon());
  EXPECT_EQ(mutex_->counts.recoveries(), 1u);
  RwLock rw = RwLockAs(self_);
  ASSERT_EQ(rw.Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(rw.Abandon());
  EXPECT_EQ(of_rw().recoveries(), 1u);
}

TEST_F(LockCountsTest, CountReadersAndWritersThatSleep) {
  RwLock rw = RwLockAs(self_);
  ASSERT_EQ(rw.LockShared(), LockOutcome::kAcquired);
  const auto writer = SleepIn([&] {
    RwLock lock = RwLockAs(other_);
    const LockOutcome outcome = lock.Lock();
    lock.Unlock();
    return outcome;
  });
  EXPECT_EQ(of_rw().waits(), 1u);
  const OwnerTag late = zone_.Reserve(2);
  const auto reader = SleepIn([&] {
    RwLock lock = RwLockAs(late);
    const LockOutcome outcome = lock.LockShared();
    lock.UnlockShared();
    return outcome;
  });
  EXPECT_EQ(of_rw().waits(), 2u);
  ASSERT_TRUE(rw.UnlockShared());
  EXPECT_EQ(writer->Join(), static_cast<int>(LockOutcome::kAcquired));
  EXPECT_EQ(reader->Join(), static_cast<int>(LockOutcome::kAcquired));
  EXPECT_EQ(of_rw().recoveries(), 0u);
}

TEST_F(LockCountsTest, CountDeadReadersAndWriters) {
  DieIn(other_, [&] { (void)RwLockAs(other_).LockShared(); });
  EXPECT_FALSE(rw_->Recover(other_)) << "nobody wrote";
  EXPECT_EQ(of_rw().recoveries(), 1u);

  const OwnerTag reader = zone_.Reserve(2);
  DieIn(reader, [&] { (void)RwLockAs(reader).LockShared(); });
  RwLock rw = RwLockAs(self_);
  EXPECT_EQ(rw.TryLock(), LockOutcome::kAcquired) << "takes the reader off";
  ASSERT_TRUE(rw.Unlock());
  EXPECT_EQ(of_rw().recoveries(), 2u);

  const OwnerTag writer = zone_.Reserve(3);
  DieIn(writer, [&] { (void)RwLockAs(writer).Lock(); });
  EXPECT_TRUE(rw_->Recover(writer));
  rw_->Recover(reader);
  rw_->Recover(other_);
  EXPECT_EQ(of_rw().recoveries(), 3u);
}

}  // namespace
}  // namespace muster::ipc
