#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_FIXTURE_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_FIXTURE_H_

#include "gtest/gtest.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"

namespace muster::ipc {

// A reader-writer lock for the threads of this process in front of the one in shared memory, and a
// second participant beside it.
class ZoneRwLockTest : public ::testing::Test {
 protected:
  using State = RwLockState<TestZone::kCapacity>;

  RwLock As(OwnerTag tag) { return *RwLock::Create(state_, zone_.registry(), tag); }
  // What another thread of this process gets, which gives it back.
  LockOutcome TryShared() {
    return InThread([&] {
      const LockOutcome outcome = lock_.TryLockShared();
      EXPECT_EQ(lock_.UnlockShared(), outcome == LockOutcome::kAcquired);
      return outcome;
    });
  }
  LockOutcome TryExclusive() {
    return InThread([&] {
      const LockOutcome outcome = lock_.TryLock();
      EXPECT_EQ(lock_.Unlock(), Holds(outcome));
      return outcome;
    });
  }

  TestZone zone_;
  State* state_ = zone_.Place<State>();
  OwnerTag tag_ = zone_.Reserve(0);
  ZoneRwLock lock_{As(tag_)};
  // Another participant's.
  RwLock other_ = As(zone_.Reserve(1));
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_RW_LOCK_FIXTURE_H_
