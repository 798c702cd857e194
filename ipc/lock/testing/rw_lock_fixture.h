#ifndef MUSTER_IPC_LOCK_TESTING_RW_LOCK_FIXTURE_H_
#define MUSTER_IPC_LOCK_TESTING_RW_LOCK_FIXTURE_H_

#include <csignal>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {

// Exit codes of children.
inline constexpr int kAcquired = static_cast<int>(LockOutcome::kAcquired);
inline constexpr int kNeedsRepair = static_cast<int>(LockOutcome::kNeedsRepair);

// A reader-writer lock in shared memory. The test itself takes part in slot 0, and recovers.
class RwLockTest : public ::testing::Test {
 protected:
  using State = RwLockState<TestZone::kCapacity>;

  const Registry& registry() { return zone_.registry(); }
  RwLock As(OwnerTag tag, RepairCallback repair = nullptr) {
    return *RwLock::Create(state_, registry(), tag, std::move(repair));
  }
  // The test's own participant.
  RwLock& mine() { return mine_; }
  // In slot 1: killed in a section, and its death marked.
  OwnerTag KillAWriter() {
    return KillAfter([](RwLock& lock) { return lock.Lock(); });
  }
  OwnerTag KillAReader() {
    return KillAfter([](RwLock& lock) { return lock.LockShared(); });
  }
  // What Lock() returns in a process of its own, which is asleep in it now.
  std::unique_ptr<ForkedChild> SleepAsWriter(OwnerTag tag) {
    return Sleep(tag, [](RwLock& lock) { return lock.Lock(); });
  }
  std::unique_ptr<ForkedChild> SleepAsReader(OwnerTag tag) {
    return Sleep(tag, [](RwLock& lock) { return lock.LockShared(); });
  }

  TestZone zone_;
  State* state_ = zone_.Place<State>();
  OwnerTag tag_ = zone_.Reserve(0);
  RwLock mine_ = As(tag_);

 private:
  template <typename Take>
  OwnerTag KillAfter(Take take) {
    const OwnerTag tag = zone_.Reserve(1);
    ForkedChild child([&] {
      RwLock lock = As(tag);
      if (Holds(take(lock))) ::raise(SIGKILL);
      return 1;
    });
    EXPECT_EQ(child.Join(), -SIGKILL);
    EXPECT_TRUE(registry().MarkDead(tag));
    return tag;
  }
  template <typename Take>
  std::unique_ptr<ForkedChild> Sleep(OwnerTag tag, Take take) {
    auto child = std::make_unique<ForkedChild>([&] {
      RwLock lock = As(tag);
      return static_cast<int>(take(lock));
    });
    AwaitFutexSleep(child->pid());
    return child;
  }
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_TESTING_RW_LOCK_FIXTURE_H_
