#include "muster/worker/zone/accept_mutex_watch.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using Finding = AcceptMutexWatch::Finding;

class AcceptMutexWatchTest : public ::testing::Test {
 protected:
  ipc::Mutex MutexOf(ipc::OwnerTag tag) {
    return ipc::Mutex(zone_.accept_mutex_state(), zone_.registry(), tag);
  }
  void Damage(std::uint32_t word) { zone_.accept_mutex_state()->word = word; }

  const SharedZone zone_ = *SharedZone::Create(4);
  const ipc::OwnerTag first_ = *zone_.Reserve();
  const ipc::OwnerTag second_ = *zone_.Reserve();
  AcceptMutexWatch watch_ = AcceptMutexWatch(zone_);
};

TEST_F(AcceptMutexWatchTest, LeavesAMutexThatNobodyHolds) {
  for (int look = 0; look < 3; ++look) EXPECT_EQ(watch_.Look().finding, Finding::kGood);
}

TEST_F(AcceptMutexWatchTest, LeavesItToAHolderThatTakesTurns) {
  ipc::Mutex holder = MutexOf(first_);
  for (int look = 0; look < 3; ++look) {
    ASSERT_EQ(holder.TryLock(), ipc::LockOutcome::kAcquired);
    zone_.worker_status(first_.slot()).accept_turns.Add();
    EXPECT_EQ(watch_.Look().finding, Finding::kGood);
    EXPECT_TRUE(holder.Unlock());
  }
}

TEST_F(AcceptMutexWatchTest, TakesItFromAHolderWhoseTurnDoesNotEnd) {
  ipc::Mutex holder = MutexOf(first_);
  ipc::Mutex other = MutexOf(second_);
  ASSERT_EQ(holder.TryLock(), ipc::LockOutcome::kAcquired);
  EXPECT_EQ(watch_.Look().finding, Finding::kGood) << "the turn may have just begun";
  EXPECT_EQ(other.TryLock(), ipc::LockOutcome::kBusy);
  const AcceptMutexWatch::Report report = watch_.Look();
  EXPECT_EQ(report.finding, Finding::kStuck);
  EXPECT_EQ(report.slot, first_.slot());
  EXPECT_EQ(other.TryLock(), ipc::LockOutcome::kOwnerDied);
  other.MarkConsistent();
  EXPECT_FALSE(holder.Unlock()) << "it is the other's by now";
  EXPECT_TRUE(other.Unlock());
}

TEST_F(AcceptMutexWatchTest, CountsTheTurnsOfEachHolderFromItsOwnFirstLook) {
  ipc::Mutex first = MutexOf(first_);
  ASSERT_EQ(first.TryLock(), ipc::LockOutcome::kAcquired);
  EXPECT_EQ(watch_.Look().finding, Finding::kGood);
  ASSERT_TRUE(first.Unlock());
  ipc::Mutex second = MutexOf(second_);
  ASSERT_EQ(second.TryLock(), ipc::LockOutcome::kAcquired);
  EXPECT_EQ(watch_.Look().finding, Finding::kGood);
}

// Whatever a stray write left there: marks that are final, a dead process, a slot of nobody.
TEST_F(AcceptMutexWatchTest, FreesADamagedMutex) {
  RecoverSlot(zone_, second_);
  for (const std::uint32_t word : {ipc::kDoneMark, ipc::kPoisonedMark, ~0u, second_.bits(),
                                   ipc::OwnerTag(99, 1).bits(), ipc::OwnerTag(3, 0).bits()}) {
    Damage(word);
    EXPECT_EQ(watch_.Look().finding, Finding::kDamaged) << word;
    ipc::Mutex worker = MutexOf(first_);
    EXPECT_EQ(worker.TryLock(), ipc::LockOutcome::kOwnerDied) << word;
  }
}

// As it does from one that is stopped.
TEST_F(AcceptMutexWatchTest, TakesItFromALiveProcessThatTheWordNamesWrongly) {
  Damage(second_.bits() | ipc::OwnerTag::kWaiters);
  watch_.Look();
  EXPECT_EQ(watch_.Look().finding, Finding::kStuck);
  ipc::Mutex worker = MutexOf(first_);
  EXPECT_EQ(worker.TryLock(), ipc::LockOutcome::kOwnerDied);
}

}  // namespace
}  // namespace muster::worker
