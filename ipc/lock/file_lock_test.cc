#include "muster/ipc/lock/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/channel/pipe.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

FileLock Open(FileLockOwner owner, FileRange range = {}) {
  auto lock = FileLock::Open(absl::StrCat(std::getenv("TEST_TMPDIR"), "/lock"), owner, range);
  EXPECT_TRUE(lock.ok()) << lock.status();
  return *std::move(lock);
}

// A process that holds a lock until it is killed.
class Holder {
 public:
  Holder(FileLockOwner owner, FileLockMode mode, FileRange range = {})
      : child_([&] {
          const FileLock lock = Open(owner, range);
          if (!lock.Lock(mode).ok()) return 1;
          if (!pipe_.writer.Send("locked").ok()) return 2;
          return ::pause();
        }) {
    { const PipeWriter closed = std::move(pipe_.writer); }  // the child has its own
    std::string record;
    EXPECT_EQ(*pipe_.reader.Receive(&record), ReceiveOutcome::kReceived);
  }

  pid_t pid() const { return child_.pid(); }
  void Kill() { child_.Kill(); }

 private:
  Pipe pipe_ = *Pipe::Create();
  ForkedChild child_;
};

class EveryOwner : public testing::TestWithParam<FileLockOwner> {};

INSTANTIATE_TEST_SUITE_P(FileLock, EveryOwner,
                         testing::Values(FileLockOwner::kProcess, FileLockOwner::kOpenFile),
                         [](const auto& info) {
                           return info.param == FileLockOwner::kProcess ? "Process" : "OpenFile";
                         });

TEST_P(EveryOwner, ExcludesAnotherProcess) {
  const Holder holder(GetParam(), FileLockMode::kExclusive);
  EXPECT_FALSE(*Open(GetParam()).TryLock());
  EXPECT_FALSE(*Open(GetParam()).TryLock(FileLockMode::kShared));
}

TEST_P(EveryOwner, IsReleasedWhenItsOwnerIsKilled) {
  Holder holder(GetParam(), FileLockMode::kExclusive);
  const FileLock lock = Open(GetParam());
  ASSERT_FALSE(*lock.TryLock());
  holder.Kill();
  EXPECT_TRUE(*lock.TryLock());
}

TEST_P(EveryOwner, IsReleasedWhenItIsDestroyed) {
  {
    const FileLock lock = Open(GetParam());
    ASSERT_TRUE(lock.Lock().ok());
  }
  ForkedChild child([&] { return *Open(GetParam()).TryLock() ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
}

TEST_P(EveryOwner, IsSharedByReadersOnly) {
  const Holder holder(GetParam(), FileLockMode::kShared);
  EXPECT_TRUE(*Open(GetParam()).TryLock(FileLockMode::kShared));
  EXPECT_FALSE(*Open(GetParam()).TryLock(FileLockMode::kExclusive));
}

TEST_P(EveryOwner, ExcludesOnItsRangeOnly) {
  const Holder holder(GetParam(), FileLockMode::kExclusive, {.first = 10, .size_bytes = 5});
  EXPECT_TRUE(*Open(GetParam(), {.first = 0, .size_bytes = 10}).TryLock());
  EXPECT_FALSE(*Open(GetParam(), {.first = 14, .size_bytes = 1}).TryLock());
  EXPECT_TRUE(*Open(GetParam(), {.first = 15, .size_bytes = 0}).TryLock());
  EXPECT_FALSE(*Open(GetParam()).TryLock());
}

TEST_P(EveryOwner, IsHandedToAWaiterWhenItIsUnlocked) {
  const FileLock lock = Open(GetParam());
  ASSERT_TRUE(lock.Lock().ok());
  ForkedChild child([] { return Open(GetParam()).Lock().ok() ? 0 : 1; });
  AwaitAsleep(child.pid());
  ASSERT_TRUE(lock.Unlock().ok());
  EXPECT_EQ(child.Join(), 0);
}

TEST_P(EveryOwner, IsGivenUpAtTheDeadline) {
  const Holder holder(GetParam(), FileLockMode::kExclusive);
  const absl::Time start = absl::Now();
  EXPECT_FALSE(*Open(GetParam()).LockUntil(Deadline::After(absl::Milliseconds(30))));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(29));
}

TEST_P(EveryOwner, IsGotBeforeTheDeadlineIfItsOwnerDies) {
  Holder holder(GetParam(), FileLockMode::kExclusive);
  ForkedChild child(
      [] { return *Open(GetParam()).LockUntil(Deadline::After(absl::Minutes(5))) ? 0 : 1; });
  AwaitAsleep(child.pid());
  holder.Kill();
  EXPECT_EQ(child.Join(), 0);
}

TEST_P(EveryOwner, IsTriedOnceWhenTheDeadlineHasPassed) {
  EXPECT_TRUE(*Open(GetParam()).LockUntil(Deadline::After(-absl::Seconds(1))));
}

TEST_P(EveryOwner, HasNoHolderWhenItIsFree) {
  EXPECT_EQ(*Open(GetParam()).FindHolder(), std::nullopt);
}

TEST_P(EveryOwner, SaysWhichFileCannotBeOpened) {
  EXPECT_EQ(FileLock::Open("/nowhere/lock", GetParam()).status(),
            absl::NotFoundError("open /nowhere/lock: No such file or directory"));
}

TEST_P(EveryOwner, SaysWhichRangeIsWrong) {
  const FileLock lock = Open(GetParam(), {.first = -3, .size_bytes = 1});
  EXPECT_EQ(lock.TryLock().status(),
            absl::InvalidArgumentError(absl::StrCat("lock descriptor ", lock.fd(),
                                                    " from byte -3, length 1: Invalid argument")));
}

TEST(ProcessFileLock, NamesItsHolder) {
  const Holder holder(FileLockOwner::kProcess, FileLockMode::kExclusive);
  EXPECT_EQ(*Open(FileLockOwner::kProcess).FindHolder(), holder.pid());
}

TEST(ProcessFileLock, IsNotInheritedByAChildOfFork) {
  const FileLock lock = Open(FileLockOwner::kProcess);
  ASSERT_TRUE(lock.Lock().ok());
  ForkedChild child([&] { return *lock.TryLock() ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
}

TEST(ProcessFileLock, IsLostWhenTheProcessClosesTheFileElsewhere) {
  const FileLock lock = Open(FileLockOwner::kProcess);
  ASSERT_TRUE(lock.Lock().ok());
  { const FileLock other = Open(FileLockOwner::kProcess); }
  ForkedChild child([&] { return *lock.TryLock() ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
}

TEST(ProcessFileLock, ReportsACycleOfWaiters) {
  const FileLock first = Open(FileLockOwner::kProcess, {.first = 0, .size_bytes = 1});
  const FileLock second = Open(FileLockOwner::kProcess, {.first = 1, .size_bytes = 1});
  ASSERT_TRUE(first.Lock().ok());
  Pipe pipe = *Pipe::Create();
  ForkedChild child([&] {
    if (!second.Lock().ok() || !pipe.writer.Send("locked").ok()) return 2;
    return first.Lock().ok() ? 0 : 1;
  });
  std::string record;
  ASSERT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kReceived);
  // Whoever waits second is told. If that is the child, its end frees what we wait for.
  const absl::Status ours = second.Lock();
  ASSERT_TRUE(first.Unlock().ok());
  EXPECT_EQ(child.Join(), ours.ok() ? 1 : 0) << ours;
}

TEST(OpenFileLock, ExcludesAnotherDescriptionInTheSameProcess) {
  const FileLock first = Open(FileLockOwner::kOpenFile);
  const FileLock second = Open(FileLockOwner::kOpenFile);
  ASSERT_TRUE(first.Lock().ok());
  EXPECT_FALSE(*second.TryLock());
}

TEST(OpenFileLock, SurvivesThatTheProcessClosesTheFileElsewhere) {
  const FileLock lock = Open(FileLockOwner::kOpenFile);
  ASSERT_TRUE(lock.Lock().ok());
  { const FileLock other = Open(FileLockOwner::kOpenFile); }
  EXPECT_FALSE(*Open(FileLockOwner::kOpenFile).TryLock());
}

TEST(OpenFileLock, IsInheritedByAChildOfFork) {
  const FileLock lock = Open(FileLockOwner::kOpenFile);
  ASSERT_TRUE(lock.Lock().ok());
  ForkedChild child([&] { return *lock.TryLock() ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
}

TEST(OpenFileLock, HasAHolderWithoutAPid) {
  const Holder holder(FileLockOwner::kOpenFile, FileLockMode::kExclusive);
  EXPECT_EQ(*Open(FileLockOwner::kOpenFile).FindHolder(), -1);
}

TEST(FileLock, FollowsNoLink) {
  const std::string link = absl::StrCat(std::getenv("TEST_TMPDIR"), "/link");
  const std::string target = absl::StrCat(std::getenv("TEST_TMPDIR"), "/target");
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  EXPECT_EQ(FileLock::Open(link, FileLockOwner::kOpenFile).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_NE(::access(target.c_str(), F_OK), 0);
}

TEST(FileLock, IsNotTakenFromAStranger) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/strange");
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of another user";
  ASSERT_TRUE(FileLock::Open(path, FileLockOwner::kOpenFile).ok());
  if (::chown(path.c_str(), 4711, -1) != 0) {
    GTEST_SKIP() << "this root, of a user namespace, has no other user";
  }
  EXPECT_EQ(FileLock::Open(path, FileLockOwner::kOpenFile).status(),
            absl::PermissionDeniedError(absl::StrCat(path, ": belongs to user 4711, expected 0")));
  EXPECT_TRUE(FileLock::Open(path, FileLockOwner::kOpenFile, {}, {.user = 4711}).ok());
}

}  // namespace
}  // namespace muster::ipc
