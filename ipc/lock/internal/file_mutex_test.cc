#include "muster/ipc/lock/internal/file_mutex.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc::internal {
namespace {

class FileMutexTest : public ::testing::Test {
 protected:
  FileMutexTest() { ::unlink(path_.c_str()); }

  FileMutex Open(off_t offset = 0) { return *FileMutex::Open(path_, offset); }
  void KillAnOwner() {
    ForkedChild owner([&] {
      FileMutex mutex = Open();
      if (Holds(mutex.Lock(Deadline::Never()))) ::raise(SIGKILL);
      return 1;
    });
    EXPECT_EQ(owner.Join(), -SIGKILL);
  }

  std::string path_ = absl::StrCat(::testing::TempDir(), "/",
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(FileMutexTest, IsBusyWhileAnotherHoldsIt) {
  FileMutex first = Open();
  FileMutex second = Open();
  EXPECT_EQ(first.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(second.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(first.Unlock());
  EXPECT_EQ(second.TryLock(), LockOutcome::kAcquired);
}

TEST_F(FileMutexTest, IsNotALinkAndNotWhatOthersMayWrite) {
  const std::string target = path_ + ".target";
  ASSERT_EQ(::symlink(target.c_str(), path_.c_str()), 0);
  EXPECT_FALSE(FileMutex::Open(path_, 0).ok());
  EXPECT_NE(::access(target.c_str(), F_OK), 0);
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  Open();
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  EXPECT_FALSE(FileMutex::Open(path_, 0).ok());
  EXPECT_TRUE(FileMutex::Open(path_, 0, {.others_may_write = true}).ok());
}

TEST_F(FileMutexTest, KeepsTheBytesOfAFileApart) {
  FileMutex first = Open(0);
  FileMutex second = Open(1);
  EXPECT_EQ(first.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(second.TryLock(), LockOutcome::kAcquired);
}

TEST_F(FileMutexTest, ReportsAnAbandonedSectionAsADeath) {
  FileMutex first = Open();
  ASSERT_EQ(first.TryLock(), LockOutcome::kAcquired);
  EXPECT_TRUE(first.Abandon());
  EXPECT_FALSE(first.Abandon());
  EXPECT_EQ(Open().TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(FileMutexTest, HonoursItsDeadline) {
  FileMutex first = Open();
  FileMutex second = Open();
  ASSERT_EQ(first.TryLock(), LockOutcome::kAcquired);
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(second.Lock(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(FileMutexTest, ReportsThatItsOwnerWouldWaitForItself) {
  FileMutex mutex = Open();
  ASSERT_EQ(mutex.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kWouldDeadlock);
}

TEST_F(FileMutexTest, TellsTheNextOwnerThatItsOwnerWasKilled) {
  KillAnOwner();
  EXPECT_EQ(Open().Lock(Deadline::Never()), LockOutcome::kOwnerDied);
}

TEST_F(FileMutexTest, TellsADeathUntilSomebodyRepairs) {
  KillAnOwner();
  FileMutex mutex = Open();
  ASSERT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kOwnerDied);
  EXPECT_TRUE(mutex.Unlock());
  ASSERT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kOwnerDied);
  mutex.MarkConsistent();
  EXPECT_TRUE(mutex.Unlock());
  EXPECT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kAcquired);
}

TEST_F(FileMutexTest, TellsTheNextOwnerOfADeathAfterAReset) {
  FileMutex mutex = Open();
  EXPECT_FALSE(mutex.Reset()) << "nothing to reset";
  ASSERT_EQ(mutex.TryLock(), LockOutcome::kAcquired);
  EXPECT_FALSE(Open().Reset()) << "a live owner's";
  ASSERT_TRUE(mutex.MarkNotRecoverable());
  EXPECT_FALSE(mutex.MarkNotRecoverable());
  EXPECT_TRUE(Open().Reset());
  EXPECT_EQ(mutex.TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(FileMutexTest, IsNotRecoverableWhenAnOwnerSaysSo) {
  FileMutex mutex = Open();
  ASSERT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kAcquired);
  EXPECT_TRUE(mutex.MarkNotRecoverable());
  EXPECT_EQ(mutex.Lock(Deadline::Never()), LockOutcome::kNotRecoverable);
  EXPECT_EQ(Open().TryLock(), LockOutcome::kNotRecoverable);
}

TEST_F(FileMutexTest, IsNotUnlockedByWhoDoesNotHoldIt) { EXPECT_FALSE(Open().Unlock()); }

TEST_F(FileMutexTest, IsNotTakenByAChildOfForkWhichSharesItsOpenFile) {
  FileMutex mutex = Open();
  const auto is_refused = [&] {
    return mutex.TryLock() == LockOutcome::kNotParticipant &&
                   mutex.Lock(Deadline::Never()) == LockOutcome::kNotParticipant && !mutex.Unlock()
               ? 0
               : 1;
  };
  EXPECT_EQ(ForkedChild(is_refused).Join(), 0);
  ASSERT_EQ(mutex.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(ForkedChild(is_refused).Join(), 0);
  EXPECT_EQ(Open().TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(mutex.Unlock());
}

TEST_F(FileMutexTest, IsNotHeldByAChildThatOutlivesItsOwner) {
  TestZone zone;
  Gate* is_forked = zone.Place<Gate>();
  Gate* is_over = zone.Place<Gate>();
  ForkedChild owner([&] {
    FileMutex mutex = Open();
    if (!Holds(mutex.Lock(Deadline::Never()))) return 1;
    if (::fork() == 0) {
      ::alarm(60);
      is_forked->Open();
      is_over->Await();
      ::_exit(0);
    }
    is_forked->Await();
    ::raise(SIGKILL);
    return 2;
  });
  EXPECT_EQ(owner.Join(), -SIGKILL);
  EXPECT_EQ(Open().TryLock(), LockOutcome::kOwnerDied);
  is_over->Open();
}

TEST_F(FileMutexTest, IsGivenUpByAChildThatNoHandlerKnowsOfWhenItIsRefused) {
  TestZone zone;
  Gate* is_refused = zone.Place<Gate>();
  Gate* is_over = zone.Place<Gate>();
  ForkedChild owner([&] {
    FileMutex mutex = Open();
    if (!Holds(mutex.Lock(Deadline::Never()))) return 1;
    if (::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
      ::alarm(60);
      if (mutex.Unlock()) ::_exit(1);
      is_refused->Open();
      is_over->Await();
      ::_exit(0);
    }
    is_refused->Await();
    ::raise(SIGKILL);
    return 2;
  });
  EXPECT_EQ(owner.Join(), -SIGKILL);
  EXPECT_EQ(Open().TryLock(), LockOutcome::kOwnerDied);
  is_over->Open();
}

TEST_F(FileMutexTest, TakesAByteThatNobodyWroteForADeath) {
  FileMutex mutex = Open();
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(fd, "x", 1, 0), 1);
  ::close(fd);
  EXPECT_EQ(mutex.TryLock(), LockOutcome::kOwnerDied);
}

TEST(FileMutex, NamesThePathThatCannotBeOpened) {
  EXPECT_EQ(FileMutex::Open("/nowhere/mutex", 0).status().message(),
            "open /nowhere/mutex: No such file or directory");
}

TEST(FileMutex, NamesTheCallThatRefusesTheOffset) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/offset");
  EXPECT_EQ(FileMutex::Open(path, -1).status().message(),
            absl::StrCat("posix_fallocate ", path, ": Invalid argument"));
}

}  // namespace
}  // namespace muster::ipc::internal
