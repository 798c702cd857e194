#ifndef MUSTER_IPC_LOCK_TESTING_MUTEX_FIXTURE_H_
#define MUSTER_IPC_LOCK_TESTING_MUTEX_FIXTURE_H_

#include <csignal>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {

// Exit codes of children.
inline constexpr int kAcquired = static_cast<int>(LockOutcome::kAcquired);
inline constexpr int kOwnerDied = static_cast<int>(LockOutcome::kOwnerDied);
inline constexpr int kNotRecoverable = static_cast<int>(LockOutcome::kNotRecoverable);

inline MutexOptions With(MutexOptions::Strategy strategy) {
  MutexOptions options;
  options.strategy = strategy;
  return options;
}

// A mutex in shared memory. The test itself takes part in slot 0, and recovers.
class MutexTest : public ::testing::Test {
 protected:
  const Registry& registry() { return zone_.registry(); }
  Mutex As(OwnerTag tag, MutexOptions options = {}) {
    return Mutex(state_, registry(), tag, std::move(options));
  }
  // The test's own participant.
  Mutex& mine() { return mine_; }
  // A process in slot 1 that was killed while it held the mutex, and its death marked.
  OwnerTag KillAnOwner() {
    const OwnerTag owner = zone_.Reserve(1);
    ForkedChild child([&] {
      const LockOutcome outcome = As(owner).Lock();
      if (Holds(outcome)) ::raise(SIGKILL);
      return 1;
    });
    EXPECT_EQ(child.Join(), -SIGKILL);
    EXPECT_TRUE(registry().MarkDead(owner));
    return owner;
  }
  // What Lock() returns in a process of its own, which is asleep in it now.
  std::unique_ptr<ForkedChild> Sleep(OwnerTag tag, MutexOptions options = {}) {
    auto child = std::make_unique<ForkedChild>(
        [&] { return static_cast<int>(As(tag, std::move(options)).Lock()); });
    AwaitFutexSleep(child->pid());
    return child;
  }

  TestZone zone_;
  MutexState* state_ = zone_.Place<MutexState>();
  OwnerTag tag_ = zone_.Reserve(0);
  Mutex mine_ = As(tag_);
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_TESTING_MUTEX_FIXTURE_H_
