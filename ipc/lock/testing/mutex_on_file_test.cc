// Mutex::OnFile. What its file does is tested in ipc/lock/internal/file_mutex_test.cc.

#include <csignal>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/scratch_folder.h"

namespace muster::ipc {
namespace {

class MutexOnFile : public ::testing::Test {
 protected:
  const testing::ScratchFolder folder_;
  const std::string path_ = folder_.path() + "/mutex";
};

TEST_F(MutexOnFile, TellsTheNextOwnerThatItsOwnerWasKilled) {
  ForkedChild owner([&] {
    auto mutex = Mutex::OnFile(path_, 0);
    if (mutex->Lock() == LockOutcome::kAcquired) ::raise(SIGKILL);
    return 1;
  });
  ASSERT_EQ(owner.Join(), -SIGKILL);
  auto mutex = Mutex::OnFile(path_, 0);
  ASSERT_TRUE(mutex.ok()) << mutex.status();
  EXPECT_EQ(mutex->Lock(), LockOutcome::kOwnerDied);
  mutex->MarkConsistent();
  EXPECT_TRUE(mutex->Unlock());
  EXPECT_EQ(mutex->TryLock(), LockOutcome::kAcquired);
}

TEST_F(MutexOnFile, IsNotLockedByAChildOfForkThatHasItsParentsHandle) {
  auto mutex = Mutex::OnFile(path_, 0);
  ASSERT_TRUE(mutex.ok()) << mutex.status();
  ForkedChild child([&] { return static_cast<int>(mutex->Lock()); });
  EXPECT_EQ(child.Join(), static_cast<int>(LockOutcome::kNotParticipant));
  EXPECT_EQ(mutex->TryLock(), LockOutcome::kAcquired);
}

TEST_F(MutexOnFile, IsNotRecoverableUntilItIsReset) {
  auto mutex = Mutex::OnFile(path_, 0);
  ASSERT_TRUE(mutex.ok()) << mutex.status();
  ASSERT_EQ(mutex->Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(mutex->Reset());
  EXPECT_TRUE(mutex->MarkNotRecoverable());
  EXPECT_EQ(mutex->Lock(), LockOutcome::kNotRecoverable);
  EXPECT_TRUE(mutex->Reset());
  EXPECT_EQ(mutex->Lock(), LockOutcome::kOwnerDied);
}

TEST_F(MutexOnFile, IsMovedWithItsLock) {
  auto mutex = Mutex::OnFile(path_, 0);
  ASSERT_TRUE(mutex.ok()) << mutex.status();
  ASSERT_EQ(mutex->Lock(), LockOutcome::kAcquired);
  Mutex moved = *std::move(mutex);
  EXPECT_EQ(moved.Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_TRUE(moved.Unlock());
}

}  // namespace
}  // namespace muster::ipc
