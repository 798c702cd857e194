#include "muster/ipc/lock/rw_lock.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/testing/rw_lock_fixture.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

TEST_F(RwLockTest, IsUnlockedWhenAllItsBytesAreZero) {
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, IsRefusedToAProgramWithAnotherNumberOfSlots) {
  // The smaller lock on the same bytes, as a program that was built with it sees them.
  auto* smaller = reinterpret_cast<RwLockState<4>*>(state_);
  EXPECT_EQ(RwLock::Create(smaller, registry(), zone_.Reserve(1)).status(),
            absl::InvalidArgumentError(
                "reader-writer lock: this program uses 4 slots, the memory has 8"));
}

TEST_F(RwLockTest, NamesTheSlotForWhichItHasNoPlace) {
  auto* state = zone_.Place<RwLockState<2>>();
  EXPECT_EQ(RwLock::Create(state, registry(), zone_.Reserve(2)).status(),
            absl::OutOfRangeError(
                "reader-writer lock: no place for slot 2: it has 2 and the registry 8"));
  EXPECT_TRUE(RwLock::Create(state, registry(), zone_.Reserve(1)).ok());
}

TEST_F(RwLockTest, IsMadeOfPartsWhoseNumberIsKnownOnlyAtRunTime) {
  auto* writer = zone_.Place<RwLockWriter>();
  const std::size_t slots = registry().capacity();
  auto* readers = static_cast<RwLockReader*>(zone_.PlaceBytes(slots * sizeof(RwLockReader)));
  const OwnerTag tag = zone_.Reserve(slots - 1);
  auto lock = RwLock::Create(writer, absl::MakeSpan(readers, slots), registry(), tag);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(lock->LockShared(), LockOutcome::kAcquired);
  ASSERT_TRUE(registry().MarkDead(tag));
  EXPECT_FALSE(RecoverRwLock(*writer, absl::MakeSpan(readers, slots), tag));
  EXPECT_EQ(readers[slots - 1].word, 0u);
}

TEST_F(RwLockTest, IsSharedByReaders) {
  RwLock other = As(zone_.Reserve(1));
  EXPECT_EQ(other.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  EXPECT_TRUE(other.UnlockShared());
  EXPECT_TRUE(mine().UnlockShared());
}

TEST_F(RwLockTest, KeepsWritersOutWhileItIsShared) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(other.UnlockShared());
  EXPECT_EQ(mine().TryLock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, KeepsEverybodyOutWhileItIsExclusive) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().TryLock(), LockOutcome::kBusy);
  EXPECT_EQ(mine().TryLockShared(), LockOutcome::kBusy);
  EXPECT_TRUE(other.Unlock());
  EXPECT_EQ(mine().TryLockShared(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, IsSharedAgainAfterAWriterGaveUp) {
  RwLock reader = As(zone_.Reserve(1));
  ASSERT_EQ(reader.LockShared(), LockOutcome::kAcquired);
  ASSERT_EQ(mine().TryLock(), LockOutcome::kBusy);
  EXPECT_EQ(As(zone_.Reserve(2)).TryLockShared(), LockOutcome::kAcquired);
  EXPECT_TRUE(reader.UnlockShared());
}

TEST_F(RwLockTest, HonoursTheDeadlineOfAWriter) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.LockShared(), LockOutcome::kAcquired);
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(mine().LockUntil(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(RwLockTest, HonoursTheDeadlineOfAReader) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(mine().LockSharedUntil(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(RwLockTest, ReportsWhoWouldWaitForItself) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().LockShared(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(mine().Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_TRUE(mine().UnlockShared());
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(mine().LockShared(), LockOutcome::kWouldDeadlock);
}

TEST_F(RwLockTest, ReportsARecursiveReaderAlsoWhileAWriterWaits) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  const auto writer = SleepAsWriter(zone_.Reserve(1));
  EXPECT_EQ(mine().LockShared(), LockOutcome::kWouldDeadlock);
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(writer->Join(), kAcquired);
}

TEST_F(RwLockTest, IsNotUnlockedByWhoDoesNotHoldIt) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(mine().Unlock());
  EXPECT_FALSE(mine().UnlockShared());
  EXPECT_TRUE(other.Unlock());
}

bool IsRefused(RwLock& lock) {
  return lock.Lock() == LockOutcome::kNotParticipant &&
         lock.TryLock() == LockOutcome::kNotParticipant &&
         lock.LockShared() == LockOutcome::kNotParticipant &&
         lock.TryLockShared() == LockOutcome::kNotParticipant && !lock.Unlock() &&
         !lock.UnlockShared();
}

TEST_F(RwLockTest, IsNotLockedByAChildOfForkThatHasItsParentsHandle) {
  ForkedChild child([&] { return IsRefused(mine()) ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, IsNotUnlockedByAChildOfForkThatHasItsParentsHandle) {
  const auto body = [&] { return IsRefused(mine()) ? 0 : 1; };
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(ForkedChild(body).Join(), 0);
  EXPECT_TRUE(mine().Unlock());
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(ForkedChild(body).Join(), 0);
  EXPECT_TRUE(mine().UnlockShared());
}

TEST_F(RwLockTest, IsNotLockedWithATagThatTheRegistryNeverGave) {
  RwLock free = As(OwnerTag(3, 7));
  EXPECT_TRUE(IsRefused(free));
  state_->writer.word = OwnerTag(3, 7).bits();
  state_->readers[3].word = OwnerTag(3, 7).bits();
  EXPECT_TRUE(IsRefused(free));
  EXPECT_TRUE(absl::IsOutOfRange(RwLock::Create(state_, registry(), OwnerTag()).status()));
}

TEST_F(RwLockTest, WakesAWriterWhenTheLastReaderLeaves) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  const auto writer = SleepAsWriter(zone_.Reserve(1));
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(writer->Join(), kAcquired);
}

TEST_F(RwLockTest, WakesAllReadersWhenTheWriterLeaves) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto first = SleepAsReader(zone_.Reserve(1));
  const auto second = SleepAsReader(zone_.Reserve(2));
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(first->Join(), kAcquired);
  EXPECT_EQ(second->Join(), kAcquired);
}

TEST_F(RwLockTest, KeepsNewReadersBehindAWriterThatWaits) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  const auto writer = SleepAsWriter(zone_.Reserve(1));
  EXPECT_EQ(As(zone_.Reserve(2)).TryLockShared(), LockOutcome::kBusy);
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(writer->Join(), kAcquired);
}

TEST_F(RwLockTest, ShowsAReaderThatAWriterWaits) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  EXPECT_FALSE(mine().IsWriterWaiting());
  const auto writer = SleepAsWriter(zone_.Reserve(1));
  EXPECT_TRUE(mine().IsWriterWaiting());
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(writer->Join(), kAcquired);
}

TEST_F(RwLockTest, IsTriedOnceByAReader) {
  RwLock other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(mine().TryLockSharedOnce());
  ASSERT_TRUE(other.Unlock());
  EXPECT_TRUE(mine().TryLockSharedOnce());
  EXPECT_TRUE(mine().UnlockShared());
}

TEST_F(RwLockTest, WorksWithTheStandardsLocks) {
  {
    const std::shared_lock shared(mine());
    EXPECT_NE(state_->readers[0].word, 0u);
  }
  const std::unique_lock exclusive(mine());
  EXPECT_NE(state_->writer.word, kUnlockedWord);
  EXPECT_EQ(state_->readers[0].word, 0u);
}

using RwLockDeathTest = RwLockTest;

TEST_F(RwLockDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(As(tag_).unlock(), "RwLock::unlock: this participant does not hold it");
  EXPECT_DEATH(As(tag_).unlock_shared(),
               "RwLock::unlock_shared: this participant does not hold it");
}

// The two are equal outside of exclusive sections.
struct Pair {
  long first = 0;
  long second = 0;
};

// Returns how often a reader saw them differ.
int ReadAndWrite(RwLock lock, Pair& pair, int rounds) {
  int differences = 0;
  for (int i = 0; i < rounds; ++i) {
    if (i % 4 == 0) {
      const std::unique_lock exclusive(lock);
      ++pair.first;
      ++pair.second;
    } else {
      const std::shared_lock shared(lock);
      differences += pair.first == pair.second ? 0 : 1;
    }
  }
  return differences;
}

TEST_F(RwLockTest, ExcludesProcesses) {
  Pair* pair = zone_.Place<Pair>();
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (std::uint32_t slot = 1; slot <= 4; ++slot) {
    const OwnerTag tag = zone_.Reserve(slot);
    children.push_back(std::make_unique<ForkedChild>(
        [&] { return ReadAndWrite(As(tag), *pair, 8'000) == 0 ? 0 : 1; }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(pair->first, 4 * 2'000);
  EXPECT_EQ(pair->second, 4 * 2'000);
}

TEST_F(RwLockTest, ExcludesThreads) {
  Pair pair;
  std::atomic<int> differences{0};
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= 4; ++slot) {
    threads.emplace_back(
        [&, tag = zone_.Reserve(slot)] { differences += ReadAndWrite(As(tag), pair, 8'000); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differences, 0);
  EXPECT_EQ(pair.first, 4 * 2'000);
}

}  // namespace
}  // namespace muster::ipc
