#include "muster/ipc/zone/local/zone_mutex.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/lock_counts.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"

namespace muster::ipc {
namespace {

class ZoneMutexTest : public ::testing::Test {
 protected:
  Mutex As(OwnerTag tag) { return Mutex(state_, zone_.registry(), tag); }

  // In each call, and without waiting for anything.
  bool FailsInAChild() {
    ForkedChild child([&] {
      const bool fails = mutex_.Lock() == LockOutcome::kNotParticipant &&
                         mutex_.TryLock() == LockOutcome::kNotParticipant &&
                         mutex_.TryLockFor(absl::Hours(1)) == LockOutcome::kNotParticipant &&
                         !mutex_.Unlock();
      mutex_.MarkConsistent();
      mutex_.~ZoneMutex();
      return fails ? 0 : 1;
    });
    return child.Join() == 0;
  }

  TestZone zone_;
  MutexState* state_ = zone_.Place<MutexState>();
  OwnerTag tag_ = zone_.Reserve(0);
  ZoneMutex mutex_{As(tag_)};
  // Another participant's.
  Mutex other_ = As(zone_.Reserve(1));
};

constexpr absl::Duration kShort = absl::Milliseconds(5);

TEST_F(ZoneMutexTest, IsTheZonesMutex) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(mutex_.Unlock());
  EXPECT_EQ(other_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mutex_.TryLock(), LockOutcome::kBusy);
}

TEST_F(ZoneMutexTest, IsBusyWhileAnotherThreadHoldsIt) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(InThread([&] { return mutex_.TryLock(); }), LockOutcome::kBusy);
  EXPECT_FALSE(InThread([&] { return mutex_.try_lock(); }));
}

TEST_F(ZoneMutexTest, HonoursItsDeadlineBehindAThread) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(InThread([&] { return mutex_.TryLockFor(kShort); }), LockOutcome::kTimedOut);
  EXPECT_EQ(InThread([&] { return mutex_.TryLockFor(-absl::InfiniteDuration()); }),
            LockOutcome::kTimedOut);
  EXPECT_FALSE(InThread([&] { return mutex_.try_lock_for(std::chrono::duration<double>(0.005)); }));
  EXPECT_FALSE(InThread([&] { return mutex_.try_lock_until(std::chrono::system_clock::now()); }));
}

TEST_F(ZoneMutexTest, HonoursItsDeadlineBehindAnotherParticipant) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mutex_.TryLockFor(kShort), LockOutcome::kTimedOut);
  // It has kept nothing from other threads.
  ASSERT_TRUE(other_.Unlock());
  EXPECT_EQ(InThread([&] { return mutex_.TryLockFor(absl::Minutes(1)); }), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, HonoursItsDeadlineBehindAThreadThatWaits) {
  ASSERT_EQ(other_.Lock(), LockOutcome::kAcquired);
  BlockedThread first([&] { return mutex_.Lock(); });
  EXPECT_EQ(mutex_.TryLockFor(kShort), LockOutcome::kTimedOut);
  ASSERT_TRUE(other_.Unlock());
  EXPECT_EQ(first.Join(), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, CountsThreadsThatWaitForAnotherOne) {
  const LockCounts& counts = state_->counts;
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(InThread([&] { return mutex_.TryLock(); }), LockOutcome::kBusy);
  EXPECT_EQ(counts.waits(), 0u) << "it did not wait";
  EXPECT_EQ(InThread([&] { return mutex_.TryLockFor(kShort); }), LockOutcome::kTimedOut);
  EXPECT_EQ(counts.waits(), 1u);
  BlockedThread waiting([&] {
    const LockOutcome outcome = mutex_.Lock();
    mutex_.Unlock();
    return outcome;
  });
  EXPECT_EQ(counts.waits(), 2u);
  ASSERT_TRUE(mutex_.Unlock());
  EXPECT_EQ(waiting.Join(), LockOutcome::kAcquired);
  EXPECT_EQ(counts.waits(), 2u);
}

TEST_F(ZoneMutexTest, ReportsAThreadThatWouldWaitForItself) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(mutex_.TryLock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(mutex_.TryLockFor(kShort), LockOutcome::kWouldDeadlock);
  EXPECT_FALSE(mutex_.try_lock());
  EXPECT_TRUE(mutex_.Unlock());
}

TEST_F(ZoneMutexTest, IsUnlockedOnlyByTheThreadThatHoldsIt) {
  EXPECT_FALSE(mutex_.Unlock());
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(InThread([&] { return mutex_.Unlock(); }));
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(mutex_.Unlock());
  EXPECT_FALSE(mutex_.Unlock());
}

TEST_F(ZoneMutexTest, IsGivenBackWhenItsWordWasDamaged) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  state_->word = 0;
  EXPECT_FALSE(mutex_.Unlock());
  EXPECT_EQ(InThread([&] { return mutex_.TryLock(); }), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, IsMarkedConsistentOnlyByTheThreadThatHoldsIt) {
  state_->word = kAbandonedWord;
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
  InThread([&] {
    mutex_.MarkConsistent();
    return 0;
  });
  EXPECT_NE(state_->word & OwnerTag::kDied, 0u);
  mutex_.MarkConsistent();
  EXPECT_EQ(state_->word & OwnerTag::kDied, 0u);
}

TEST_F(ZoneMutexTest, WorksWithTheStandardsLocks) {
  MutexState* const second_state = zone_.Place<MutexState>();
  ZoneMutex second(Mutex(second_state, zone_.registry(), tag_));
  int count = 0;
  const auto lock_both = [&](ZoneMutex& a, ZoneMutex& b) {
    for (int i = 0; i < 5'000; ++i) {
      const std::scoped_lock guard(a, b);
      ++count;
    }
  };
  std::thread thread([&] { lock_both(second, mutex_); });
  lock_both(mutex_, second);
  thread.join();
  EXPECT_EQ(count, 10'000);
  std::unique_lock<ZoneMutex> lock(mutex_, std::chrono::seconds(60));
  EXPECT_TRUE(lock.owns_lock());
}

// The end of a thread.

TEST_F(ZoneMutexTest, TellsTheNextOwnerOfAThreadThatEndedWhileItHeldIt) {
  EXPECT_EQ(InThread([&] { return mutex_.Lock(); }), LockOutcome::kAcquired);
  EXPECT_EQ(other_.Lock(), LockOutcome::kOwnerDied);
  other_.MarkConsistent();
  EXPECT_TRUE(other_.Unlock());
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, TellsAThreadThatWaitsForOneThatEnds) {
  Gate gate;
  Gate is_held;
  std::thread owner([&] {
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    is_held.Open();
    gate.Await();
  });
  is_held.Await();
  BlockedThread waiter([&] { return mutex_.Lock(); });
  gate.Open();
  owner.join();
  EXPECT_EQ(waiter.Join(), LockOutcome::kOwnerDied);
}

TEST_F(ZoneMutexTest, IsAbandonedByPthreadExit) {
  std::thread([&] {
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    ::pthread_exit(nullptr);
  }).join();
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
}

// AddressSanitizer still guards the frames that the cancellation unwinds.
#if !defined(MUSTER_SANITIZER)
TEST_F(ZoneMutexTest, IsAbandonedByACancelledThread) {
  Gate is_held;
  std::thread thread([&] {
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    is_held.Open();
    // Not asleep in a call, which ThreadSanitizer would not see unwound.
    for (;;) ::pthread_testcancel();
  });
  is_held.Await();
  ASSERT_EQ(::pthread_cancel(thread.native_handle()), 0);
  thread.join();
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
}
#endif

TEST_F(ZoneMutexTest, IsAbandonedByAThreadThatHoldsManyLocks) {
  std::vector<std::unique_ptr<ZoneMutex>> more;
  for (int i = 0; i < 20; ++i) {
    more.push_back(
        std::make_unique<ZoneMutex>(Mutex(zone_.Place<MutexState>(), zone_.registry(), tag_)));
  }
  InThread([&] {
    for (auto& mutex : more) EXPECT_EQ(mutex->Lock(), LockOutcome::kAcquired);
    EXPECT_TRUE(more[3]->Unlock());
    return 0;
  });
  for (auto& mutex : more) {
    EXPECT_EQ(mutex->Lock(), mutex == more[3] ? LockOutcome::kAcquired : LockOutcome::kOwnerDied);
  }
}

// Unlocks what its thread holds, when the thread ends.
struct UnlocksAtTheEnd {
  ZoneMutex* mutex = nullptr;
  ~UnlocksAtTheEnd() { EXPECT_TRUE(mutex == nullptr || mutex->Unlock()); }
};
thread_local UnlocksAtTheEnd unlocks_at_the_end;

TEST_F(ZoneMutexTest, IsUnlockedByAThreadLocalObjectThatWasMadeFirst) {
  InThread([&] {
    unlocks_at_the_end.mutex = &mutex_;
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    return 0;
  });
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, IsAbandonedByAThreadThatLocksItInADestructorOfAKey) {
  pthread_key_t key;
  ASSERT_EQ(::pthread_key_create(&key,
                                 [](void* mutex) {
                                   EXPECT_EQ(static_cast<ZoneMutex*>(mutex)->Lock(),
                                             LockOutcome::kAcquired);
                                 }),
            0);
  InThread([&] {
    // Before and after this thread is known to the locks.
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    EXPECT_TRUE(mutex_.Unlock());
    return ::pthread_setspecific(key, &mutex_);
  });
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
  ::pthread_key_delete(key);
}

TEST_F(ZoneMutexTest, IsAbandonedWhenTheThreadThatHoldsItDestroysIt) {
  {
    ZoneMutex passing(As(tag_));
    EXPECT_EQ(passing.Lock(), LockOutcome::kAcquired);
  }
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
}

// A child of fork.

TEST_F(ZoneMutexTest, FailsInAChildOfFork) {
  EXPECT_TRUE(FailsInAChild());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, FailsInAChildOfTheThreadThatHoldsIt) {
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(FailsInAChild());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(mutex_.Unlock());
}

TEST_F(ZoneMutexTest, FailsInAChildOfForkWhileAnotherThreadHoldsIt) {
  Gate gate;
  Gate is_held;
  std::thread another([&] {
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    is_held.Open();
    gate.Await();
    EXPECT_TRUE(mutex_.Unlock());
  });
  is_held.Await();
  EXPECT_TRUE(FailsInAChild());
  EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
  gate.Open();
  another.join();
}

// The sanitizers themselves do not survive the end of such a thread.
#if !defined(MUSTER_SANITIZER)
TEST_F(ZoneMutexTest, IsNotAbandonedByTheEndOfAThreadInAChildOfFork) {
  std::thread([&] {
    EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
    const pid_t child = ::fork();
    // Ends the child's only thread, and with it the child.
    if (child == 0) return;
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(other_.TryLock(), LockOutcome::kBusy);
    EXPECT_TRUE(mutex_.Unlock());
  }).join();
}
#endif

TEST_F(ZoneMutexTest, CanBeMadeInAChildOfForkForItsOwnParticipant) {
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  const OwnerTag theirs = zone_.Reserve(2);
  ForkedChild child([&] {
    ZoneMutex mutex(As(theirs));
    if (mutex.TryLock() != LockOutcome::kBusy) return 1;
    return mutex.Lock() == LockOutcome::kAcquired && mutex.Unlock() ? 0 : 2;
  });
  AwaitAsleep(child.pid());
  EXPECT_TRUE(mutex_.Unlock());
  EXPECT_EQ(child.Join(), 0);
}

// lock() and the like.

TEST_F(ZoneMutexTest, RepairsWithTheCallback) {
  state_->word = kAbandonedWord;
  LockOutcome within = LockOutcome::kAcquired;
  ZoneMutex* itself = nullptr;
  ZoneMutex mutex(As(zone_.Reserve(2)), [&] {
    within = itself->Lock();
    return true;
  });
  itself = &mutex;
  mutex.lock();
  EXPECT_EQ(within, LockOutcome::kWouldDeadlock);
  mutex.unlock();
  EXPECT_EQ(other_.Lock(), LockOutcome::kAcquired);
}

TEST_F(ZoneMutexTest, IsNotRecoverableWhenAnOwnerSaysSo) {
  EXPECT_FALSE(mutex_.MarkNotRecoverable()) << "no thread holds it";
  ASSERT_EQ(mutex_.Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mutex_.MarkNotRecoverable());
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kNotRecoverable);
  EXPECT_TRUE(state_->Reset());
  EXPECT_EQ(mutex_.Lock(), LockOutcome::kOwnerDied);
}

using ZoneMutexDeathTest = ZoneMutexTest;

TEST_F(ZoneMutexDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  state_->word = kAbandonedWord;
  // A child of fork needs its own object.
  EXPECT_DEATH(ZoneMutex(As(tag_)).lock(), "ZoneMutex::lock: its owner died");
}

TEST_F(ZoneMutexDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(mutex_.unlock(), "ZoneMutex::unlock: this participant does not hold it");
}

// Many.

TEST_F(ZoneMutexTest, SurvivesThreadsThatEndWhileOthersCompete) {
  std::atomic<int> deaths{0};
  int within = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        // Every other one ends within its section.
        deaths += InThread([&] {
          const LockOutcome outcome = mutex_.Lock();
          EXPECT_TRUE(Holds(outcome));
          EXPECT_EQ(within++, 0);
          mutex_.MarkConsistent();
          --within;
          EXPECT_TRUE(k % 2 != 0 || mutex_.Unlock());
          return outcome == LockOutcome::kOwnerDied ? 1 : 0;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (mutex_.Lock() == LockOutcome::kOwnerDied) ++deaths;
  EXPECT_EQ(deaths, 4 * 100);
}

}  // namespace
}  // namespace muster::ipc
