#include "muster/ipc/lock/mutex.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <ratio>

#include "gtest/gtest.h"
#include "muster/ipc/lock/testing/mutex_fixture.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

TEST_F(MutexTest, IsUnlockedWhenAllItsBytesAreZero) {
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, IsBusyWhileAnotherHoldsIt) {
  Mutex other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().TryLock(), LockOutcome::kBusy);
  EXPECT_TRUE(other.Unlock());
  EXPECT_EQ(mine().TryLock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, ReportsThatItsOwnerWouldWaitForItself) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(mine().Lock(), LockOutcome::kWouldDeadlock);
  EXPECT_EQ(mine().TryLockFor(absl::Hours(1)), LockOutcome::kWouldDeadlock);
}

TEST_F(MutexTest, IsNotUnlockedByWhoDoesNotHoldIt) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(As(zone_.Reserve(1)).Unlock());
  EXPECT_TRUE(mine().Unlock());
  EXPECT_FALSE(mine().Unlock());
}

// What each call answers to who may not use the handle, and that none changes the word.
bool IsRefused(Mutex& mutex, const MutexState& state) {
  const std::uint32_t before = state.word;
  return mutex.Lock() == LockOutcome::kNotParticipant &&
         mutex.TryLock() == LockOutcome::kNotParticipant &&
         mutex.TryLockFor(absl::Hours(1)) == LockOutcome::kNotParticipant && !mutex.Unlock() &&
         state.word == before;
}

TEST_F(MutexTest, IsNotLockedByAChildOfForkThatHasItsParentsHandle) {
  ForkedChild child([&] { return IsRefused(mine(), *state_) ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(MutexTest, IsNotUnlockedByAChildOfForkThatHasItsParentsHandle) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  ForkedChild child([&] { return IsRefused(mine(), *state_) ? 0 : 1; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(mine().Unlock());
}

TEST_F(MutexTest, IsLockedByAChildOfForkThatHasItsOwnTag) {
  const OwnerTag tag = zone_.Reserve(1);
  ForkedChild child([&] { return static_cast<int>(As(tag).Lock()); });
  EXPECT_EQ(child.Join(), kAcquired);
}

TEST_F(MutexTest, IsNotLockedWithATagThatTheRegistryNeverGave) {
  for (const OwnerTag tag : {OwnerTag(), OwnerTag(3, 7), OwnerTag(1000, 1)}) {
    Mutex stranger = As(tag);
    EXPECT_TRUE(IsRefused(stranger, *state_));
    state_->word = tag.bits();
    EXPECT_TRUE(IsRefused(stranger, *state_));
    state_->word = kUnlockedWord;
  }
}

TEST_F(MutexTest, WakesASleeperWhenItIsUnlocked) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto sleeper = Sleep(zone_.Reserve(1));
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(sleeper->Join(), kAcquired);
}

TEST_F(MutexTest, HonoursItsDeadline) {
  Mutex other = As(zone_.Reserve(1));
  ASSERT_EQ(other.Lock(), LockOutcome::kAcquired);
  const Deadline deadline = Deadline::After(absl::Milliseconds(20));
  EXPECT_EQ(mine().TryLockUntil(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(MutexTest, IsTakenInTimeWhenItIsUnlockedBeforeTheDeadline) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const OwnerTag tag = zone_.Reserve(1);
  ForkedChild sleeper([&] { return static_cast<int>(As(tag).TryLockFor(absl::Hours(1))); });
  AwaitFutexSleep(sleeper.pid());
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(sleeper.Join(), kAcquired);
}

TEST_F(MutexTest, LeavesTheWaitersFlagWhenAWaitEnds) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  ASSERT_EQ(As(zone_.Reserve(1)).TryLockFor(absl::ZeroDuration()), LockOutcome::kTimedOut);
  EXPECT_NE(state_->word & OwnerTag::kWaiters, 0u);
}

TEST_F(MutexTest, HonoursTheDeadlineOfWhoSpins) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  Mutex spinner = As(zone_.Reserve(1), With(MutexOptions::Strategy::kSpin));
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(spinner.TryLockUntil(deadline), LockOutcome::kTimedOut);
  EXPECT_TRUE(deadline.has_passed());
}

using MutexDeathTest = MutexTest;

TEST_F(MutexDeathTest, EndsTheProcessThatWouldWaitForItself) {
  mine().lock();
  EXPECT_DEATH(As(tag_).lock(), "Mutex::lock: this participant holds it already");
}

TEST_F(MutexDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(As(tag_).unlock(), "Mutex::unlock: this participant does not hold it");
}

TEST_F(MutexDeathTest, EndsAChildOfForkThatLocksByItsParentsHandle) {
  EXPECT_DEATH(mine().lock(), "Mutex::lock: its handle is of another process");
}

TEST_F(MutexTest, WorksWithTheStandardsLocks) {
  MutexState* second_state = zone_.Place<MutexState>();
  Mutex second(second_state, registry(), tag_);
  {
    const std::scoped_lock both(mine(), second);
    EXPECT_NE(state_->word, kUnlockedWord);
    EXPECT_NE(second_state->word, kUnlockedWord);
  }
  EXPECT_EQ(state_->word, kUnlockedWord);
  const std::unique_lock timed(mine(), std::chrono::hours(1));
  EXPECT_TRUE(timed.owns_lock());
}

TEST_F(MutexTest, TimesOutByAnyClock) {
  Mutex other = As(zone_.Reserve(1));
  other.lock();
  EXPECT_FALSE(mine().try_lock_for(std::chrono::milliseconds(1)));
  EXPECT_FALSE(
      mine().try_lock_until(std::chrono::system_clock::now() + std::chrono::milliseconds(1)));
}

TEST_F(MutexTest, TimesOutByAnyDuration) {
  using std::chrono::duration;
  Mutex other = As(zone_.Reserve(1));
  other.lock();
  EXPECT_FALSE(mine().try_lock_for(duration<double>(1e-3)));
  EXPECT_FALSE(mine().try_lock_for(duration<float, std::milli>(-1)));
  EXPECT_FALSE(mine().try_lock_until(std::chrono::system_clock::now() + duration<double>(1e-3)));
  EXPECT_FALSE(mine().try_lock_until(std::chrono::system_clock::time_point::min()));
  other.unlock();
  EXPECT_TRUE(mine().try_lock_for(std::chrono::hours::max()));
}

// A clock of which a millisecond passes at each look, and none in between.
struct SlowClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SlowClock>;
  [[maybe_unused]] static constexpr bool is_steady = true;
  static time_point now() { return time_point(duration(++looks)); }
  static inline rep looks = 0;
};

TEST_F(MutexTest, TimesOutWhenItsOwnClockSaysSo) {
  Mutex other = As(zone_.Reserve(1));
  other.lock();
  EXPECT_FALSE(mine().try_lock_until(SlowClock::time_point(std::chrono::milliseconds(10))));
  EXPECT_GE(SlowClock::looks, 10);
}

}  // namespace
}  // namespace muster::ipc
