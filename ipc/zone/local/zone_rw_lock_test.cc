#include "muster/ipc/zone/local/zone_rw_lock.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"
#include "muster/ipc/zone/local/zone_rw_lock_fixture.h"

namespace muster::ipc {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(5);

Deadline Soon() { return Deadline::After(kShort); }

TEST_F(ZoneRwLockTest, CountsThreadsThatSleepForAnotherOne) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(TryExclusive(), LockOutcome::kBusy);
  EXPECT_EQ(state_->writer.counts.waits(), 0u) << "it did not sleep";
  BlockedThread writer([&] {
    const LockOutcome outcome = lock_.Lock();
    lock_.Unlock();
    return outcome;
  });
  EXPECT_EQ(state_->writer.counts.waits(), 1u);
  ASSERT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(writer.Join(), LockOutcome::kAcquired);
  EXPECT_EQ(state_->writer.counts.waits(), 1u);
}

TEST_F(ZoneRwLockTest, IsTheZonesLock) {
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLockShared(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.Unlock());
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_EQ(other_.TryLockShared(), LockOutcome::kAcquired);
  EXPECT_TRUE(other_.UnlockShared());
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
  EXPECT_EQ(lock_.TryLock(), LockOutcome::kBusy);
  EXPECT_EQ(lock_.TryLockShared(), LockOutcome::kBusy);
}

TEST_F(ZoneRwLockTest, IsSharedByThreads) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(TryShared(), LockOutcome::kAcquired);
  EXPECT_EQ(TryExclusive(), LockOutcome::kBusy);
}

TEST_F(ZoneRwLockTest, IsHeldInTheZoneUntilTheLastReaderLeaves) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  Gate gate;
  Gate is_in;
  std::thread reader([&] {
    EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
    is_in.Open();
    gate.Await();
    EXPECT_TRUE(lock_.UnlockShared());
  });
  is_in.Await();
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  gate.Open();
  reader.join();
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, KeepsOtherThreadsOutWhileItIsExclusive) {
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(TryShared(), LockOutcome::kBusy);
  EXPECT_EQ(TryExclusive(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.Unlock());
  EXPECT_EQ(TryExclusive(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, HonoursDeadlinesBehindAThread) {
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  InThread([&] {
    EXPECT_EQ(lock_.LockUntil(Soon()), LockOutcome::kTimedOut);
    EXPECT_EQ(lock_.LockSharedUntil(Soon()), LockOutcome::kTimedOut);
    EXPECT_FALSE(lock_.try_lock_for(std::chrono::duration<double>(0.005)));
    EXPECT_FALSE(lock_.try_lock_shared_until(std::chrono::system_clock::now()));
    return 0;
  });
  EXPECT_TRUE(lock_.Unlock());
  EXPECT_EQ(TryShared(), LockOutcome::kAcquired);
  EXPECT_EQ(TryExclusive(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, HonoursDeadlinesBehindAnotherParticipant) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(lock_.LockUntil(Soon()), LockOutcome::kTimedOut);
  EXPECT_EQ(lock_.LockSharedUntil(Soon()), LockOutcome::kTimedOut);
  ASSERT_TRUE(other_.Unlock());
  EXPECT_EQ(TryShared(), LockOutcome::kAcquired);
  EXPECT_EQ(TryExclusive(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, HonoursADeadlineBehindAReaderThatWaitsInTheZone) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  BlockedThread first([&] { return lock_.LockShared(); });
  EXPECT_EQ(lock_.LockSharedUntil(Soon()), LockOutcome::kTimedOut);
  EXPECT_EQ(lock_.LockUntil(Soon()), LockOutcome::kTimedOut);
  ASSERT_TRUE(other_.Unlock());
  EXPECT_EQ(first.Join(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, ReportsAThreadThatWouldWaitForItself) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(lock_.TryLockShared(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(lock_.Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_FALSE(lock_.try_lock());
  EXPECT_TRUE(lock_.UnlockShared());
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(lock_.Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kWouldDeadlock);
  EXPECT_FALSE(lock_.try_lock_shared());
  EXPECT_TRUE(lock_.Unlock());
}

TEST_F(ZoneRwLockTest, IsUnlockedOnlyByThreadsThatHoldIt) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  EXPECT_FALSE(InThread([&] { return lock_.UnlockShared(); }));
  EXPECT_FALSE(lock_.Unlock());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_FALSE(lock_.UnlockShared());
  ASSERT_EQ(lock_.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(InThread([&] { return lock_.Unlock(); }));
  EXPECT_FALSE(lock_.UnlockShared());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.Unlock());
}

// Who comes first.

TEST_F(ZoneRwLockTest, KeepsNewReadersBehindAWriterOfThisProcess) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  BlockedThread writer([&] {
    const LockOutcome outcome = lock_.Lock();
    EXPECT_TRUE(lock_.Unlock());
    return outcome;
  });
  EXPECT_EQ(TryShared(), LockOutcome::kBusy);
  BlockedThread reader([&] { return lock_.LockShared(); });
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(writer.Join(), LockOutcome::kAcquired);
  EXPECT_EQ(reader.Join(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, LetsReadersInAgainWhenAWriterOfThisProcessGaveUp) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  BlockedThread writer([&] { return lock_.LockUntil(Deadline::After(absl::Milliseconds(100))); });
  // Asleep behind it, or so late that it has given up.
  std::thread reader([&] { EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired); });
  EXPECT_EQ(writer.Join(), LockOutcome::kTimedOut);
  reader.join();
  EXPECT_TRUE(lock_.UnlockShared());
}

TEST_F(ZoneRwLockTest, KeepsNewReadersBehindAWriterOfAnotherProcess) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  BlockedThread writer([&] {
    const LockOutcome outcome = other_.Lock();
    EXPECT_TRUE(other_.Unlock());
    return outcome;
  });
  EXPECT_EQ(TryShared(), LockOutcome::kBusy);
  BlockedThread reader([&] { return lock_.LockShared(); });
  EXPECT_TRUE(lock_.UnlockShared());
  EXPECT_EQ(writer.Join(), LockOutcome::kAcquired);
  EXPECT_EQ(reader.Join(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, LetsReadersInAgainWhenAWriterOfAnotherProcessGaveUp) {
  ASSERT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  BlockedThread writer([&] { return other_.LockUntil(Deadline::After(absl::Milliseconds(100))); });
  BlockedThread reader([&] { return lock_.LockShared(); });
  EXPECT_EQ(writer.Join(), LockOutcome::kTimedOut);
  EXPECT_EQ(reader.Join(), LockOutcome::kAcquired);
  EXPECT_TRUE(lock_.UnlockShared());
}

TEST_F(ZoneRwLockTest, DoesNotStarveAWriterOfAnotherProcessByReadersThatOverlap) {
  std::atomic<bool> is_over{false};
  Gate both_read;
  std::atomic<int> reading{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        const std::shared_lock guard(lock_);
        ++reading;
        // Leaves only when another one has come, if one comes.
        for (int k = 0; k < 100'000 && reading < 2 && !is_over; ++k) std::this_thread::yield();
        if (reading == 2) both_read.Open();
        --reading;
      }
    });
  }
  both_read.Await();
  const OwnerTag theirs = zone_.Reserve(2);
  ForkedChild writer([&] {
    RwLock lock = As(theirs);
    for (int i = 0; i < 20; ++i) {
      if (lock.Lock() != LockOutcome::kAcquired || !lock.Unlock()) return 1;
    }
    return 0;
  });
  EXPECT_EQ(writer.Join(), 0);
  is_over = true;
  for (std::thread& reader : readers) reader.join();
}

// A child of fork.

TEST_F(ZoneRwLockTest, FailsInAChildOfFork) {
  // Another thread writes, and one waits for it.
  Gate gate;
  Gate is_held;
  std::thread writer([&] {
    EXPECT_EQ(lock_.Lock(), LockOutcome::kAcquired);
    is_held.Open();
    gate.Await();
    EXPECT_TRUE(lock_.Unlock());
  });
  is_held.Await();
  BlockedThread reader([&] { return lock_.LockShared(); });
  ForkedChild child([&] {
    const bool fails = lock_.Lock() == LockOutcome::kNotParticipant &&
                       lock_.TryLock() == LockOutcome::kNotParticipant &&
                       lock_.LockShared() == LockOutcome::kNotParticipant &&
                       lock_.TryLockShared() == LockOutcome::kNotParticipant && !lock_.Unlock() &&
                       !lock_.UnlockShared();
    lock_.MarkConsistent();
    lock_.~ZoneRwLock();
    return fails ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(other_.TryLockShared(), LockOutcome::kBusy);
  gate.Open();
  writer.join();
  EXPECT_EQ(reader.Join(), LockOutcome::kAcquired);
}

TEST_F(ZoneRwLockTest, FailsInAChildOfAThreadThatHoldsIt) {
  EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
  ForkedChild child([&] {
    if (lock_.UnlockShared() || lock_.LockShared() != LockOutcome::kNotParticipant) return 1;
    lock_.~ZoneRwLock();
    return 0;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(lock_.UnlockShared());
}

using ZoneRwLockDeathTest = ZoneRwLockTest;

TEST_F(ZoneRwLockDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(lock_.unlock(), "ZoneRwLock::unlock: this participant does not hold it");
  EXPECT_DEATH(lock_.unlock_shared(), "ZoneRwLock::unlock_shared: this participant");
}

// Many.

// Two numbers that differ only within a section.
struct Pair {
  int first;
  int second;
};

TEST_F(ZoneRwLockTest, ExcludesTheThreadsOfSeveralProcesses) {
  constexpr int kThreads = 3;
  constexpr int kEach = 4'000;
  Pair* const pair = zone_.Place<Pair>();
  const auto work = [&](ZoneRwLock& lock) {
    std::atomic<int> differences{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < kEach; ++k) {
          if (k % 4 == 0) {
            const std::scoped_lock guard(lock);
            ++pair->first;
            ++pair->second;
          } else {
            const std::shared_lock guard(lock);
            differences += pair->first == pair->second ? 0 : 1;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return differences == 0 ? 0 : 1;
  };
  ForkedChild child([&] {
    ZoneRwLock theirs(As(zone_.Reserve(2)));
    return work(theirs);
  });
  EXPECT_EQ(work(lock_), 0);
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(pair->first, 2 * kThreads * kEach / 4);
  EXPECT_EQ(pair->second, pair->first);
}

TEST_F(ZoneRwLockTest, LosesNoWakeAmongDeadlinesThatPass) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 2'000; ++k) {
        const Deadline soon = Deadline::After(absl::Microseconds(k % 30));
        if ((k + i) % 3 == 0 && Holds(lock_.LockUntil(soon))) lock_.unlock();
        if (Holds(lock_.LockSharedUntil(soon))) {
          if (k % 64 == 0) std::this_thread::yield();
          lock_.unlock_shared();
        }
      }
      // Those without a deadline hang if a wake is lost.
      for (int k = 0; k < 500; ++k) {
        EXPECT_EQ(lock_.LockShared(), LockOutcome::kAcquired);
        EXPECT_TRUE(lock_.UnlockShared());
        EXPECT_EQ(lock_.Lock(), LockOutcome::kAcquired);
        EXPECT_TRUE(lock_.Unlock());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lock_.TryLock(), LockOutcome::kAcquired);
}

}  // namespace
}  // namespace muster::ipc
