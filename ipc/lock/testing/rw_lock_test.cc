#include "muster/ipc/lock/rw_lock.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

constexpr int kAcquired = static_cast<int>(LockOutcome::kAcquired);
constexpr int kNeedsRepair = static_cast<int>(LockOutcome::kNeedsRepair);

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

TEST_F(RwLockTest, IsNotRecoveredBeyondItsReaders) {
  auto* state = zone_.Place<RwLockState<2>>();
  auto* behind = zone_.Place<RwLockReader>();
  ASSERT_TRUE(RwLock::Create(state, registry(), zone_.Reserve(1)).ok());
  const OwnerTag dead = zone_.Reserve(2);
  behind->word = dead.bits();
  RecoverRwLock(state->writer, absl::MakeSpan(state->readers.data(), 3), dead);
  EXPECT_EQ(behind->word, dead.bits());
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

TEST_F(RwLockTest, TakesAReaderThatWasKilledOffTheLock) {
  const OwnerTag dead = KillAReader();
  EXPECT_FALSE(state_->Recover(dead));
  EXPECT_EQ(state_->readers[1].word, 0u);
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, GoesPastADeadReaderBeforeAnybodyHasRecoveredIt) {
  KillAReader();
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, LetsTheNextReaderOfTheDeadOnesSlotIn) {
  const OwnerTag dead = KillAReader();
  ASSERT_TRUE(registry().Free(dead));  // too early, but without a parent nobody recovers
  RwLock next = As(zone_.Reserve(1));
  EXPECT_EQ(next.LockShared(), LockOutcome::kAcquired);
  EXPECT_TRUE(next.UnlockShared());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, WakesAWriterWhenTheReaderItWaitsForWasKilled) {
  const OwnerTag reader = zone_.Reserve(1);
  state_->readers[1].word = reader.bits();
  const auto writer = SleepAsWriter(zone_.Reserve(2));
  ASSERT_TRUE(registry().MarkDead(reader));
  EXPECT_FALSE(state_->Recover(reader));
  EXPECT_EQ(writer->Join(), kAcquired);
}

TEST_F(RwLockTest, TellsTheNextWriterThatOneWasKilled) {
  EXPECT_TRUE(state_->Recover(KillAWriter()));
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, TellsTheNextWriterBeforeAnybodyHasRecoveredIt) {
  KillAWriter();
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(RwLockTest, SendsReadersToRepair) {
  const OwnerTag dead = KillAWriter();
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNeedsRepair);
  state_->Recover(dead);
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNeedsRepair);
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, WakesReadersAndWritersWhenTheWriterWasKilled) {
  const OwnerTag writer = zone_.Reserve(1);
  state_->writer.word = writer.bits();
  state_->writer.entered = writer.bits();
  const auto reader = SleepAsReader(zone_.Reserve(2));
  ASSERT_TRUE(registry().MarkDead(writer));
  EXPECT_TRUE(state_->Recover(writer));
  EXPECT_EQ(reader->Join(), kNeedsRepair);
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(RwLockTest, TellsNobodyOfAWriterThatWasKilledWhileItWaitedForReaders) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  const OwnerTag tag = zone_.Reserve(1);
  const auto writer = SleepAsWriter(tag);
  writer->Kill();
  ASSERT_TRUE(registry().MarkDead(tag));
  EXPECT_FALSE(state_->Recover(tag));
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, TellsNobodyOfThatBeforeAnybodyHasRecoveredItEither) {
  ASSERT_EQ(mine().LockShared(), LockOutcome::kAcquired);
  const OwnerTag tag = zone_.Reserve(1);
  const auto writer = SleepAsWriter(tag);
  writer->Kill();
  ASSERT_TRUE(registry().MarkDead(tag));
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, RemembersADeathWhenTheNextWriterGivesUp) {
  state_->Recover(KillAWriter());
  state_->readers[0].word = OwnerTag(0, 1).bits();  // a reader that does not leave
  EXPECT_EQ(As(zone_.Reserve(2)).LockUntil(Deadline::After(absl::Milliseconds(1))),
            LockOutcome::kTimedOut);
  EXPECT_TRUE(mine().UnlockShared());
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(RwLockTest, ReportsAnAbandonedSectionAsADeath) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(mine().Abandon());
  EXPECT_FALSE(mine().Abandon());
  EXPECT_EQ(mine().TryLockShared(), LockOutcome::kNeedsRepair);
  EXPECT_EQ(As(zone_.Reserve(1)).Lock(), LockOutcome::kOwnerDied);
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

TEST_F(RwLockTest, TellsADeathUntilSomebodyRepairs) {
  state_->Recover(KillAWriter());
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNeedsRepair);
  RwLock other = As(zone_.Reserve(2));
  ASSERT_EQ(other.Lock(), LockOutcome::kOwnerDied);
  other.MarkConsistent();
  EXPECT_TRUE(other.Unlock());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, IsNotRecoverableWhenAWriterSaysSo) {
  EXPECT_FALSE(mine().MarkNotRecoverable()) << "it does not hold it";
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  const auto reader = SleepAsReader(zone_.Reserve(1));
  EXPECT_TRUE(mine().MarkNotRecoverable());
  EXPECT_EQ(reader->Join(), static_cast<int>(LockOutcome::kNotRecoverable));
  EXPECT_EQ(mine().Lock(), LockOutcome::kNotRecoverable);
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNotRecoverable);
}

TEST_F(RwLockTest, TellsTheNextWriterOfADeathAfterAReset) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(mine().MarkNotRecoverable());
  EXPECT_TRUE(state_->Reset());
  EXPECT_FALSE(state_->Reset());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNeedsRepair);
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(RwLockTest, TellsTheNextWriterAlsoAfterAResetOfADamagedWord) {
  state_->writer.word = kDoneMark;
  EXPECT_EQ(mine().Lock(), LockOutcome::kNotRecoverable);
  EXPECT_TRUE(state_->Reset());
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
}

TEST_F(RwLockTest, IsNotTakenFromItsOwnerByAReset) {
  ASSERT_EQ(mine().Lock(), LockOutcome::kAcquired);
  EXPECT_FALSE(state_->Reset());
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired) << "and nobody is told of a death";
}

TEST_F(RwLockTest, IsRecoveredAsOftenAsOneLikes) {
  const OwnerTag dead = KillAWriter();
  EXPECT_TRUE(state_->Recover(dead));
  EXPECT_FALSE(state_->Recover(dead));
  ASSERT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  EXPECT_FALSE(state_->Recover(dead));
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, RepairsWithTheCallbackBeforeAReaderEnters) {
  state_->Recover(KillAWriter());
  int repairs = 0;
  RwLock lock = As(zone_.Reserve(2), [&] { return ++repairs == 1; });
  lock.lock_shared();
  lock.unlock_shared();
  EXPECT_EQ(repairs, 1);
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
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

TEST_F(RwLockDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  state_->Recover(KillAWriter());
  EXPECT_DEATH(As(tag_).lock(), "RwLock::lock: its owner died");
}

TEST_F(RwLockDeathTest, EndsTheProcessOfAReaderWhenNobodyCanRepair) {
  state_->Recover(KillAWriter());
  EXPECT_DEATH(As(tag_).lock_shared(), "RwLock::lock: its owner died");
}

TEST_F(RwLockDeathTest, EndsTheProcessThatUnlocksWhatItDoesNotHold) {
  EXPECT_DEATH(As(tag_).unlock(), "RwLock::unlock: this participant does not hold it");
  EXPECT_DEATH(As(tag_).unlock_shared(),
               "RwLock::unlock_shared: this participant does not hold it");
}

TEST_F(RwLockTest, SurvivesDamagedWords) {
  state_->writer.word = 0xdeadb000;
  state_->writer.entered = 5;
  for (RwLockReader& reader : state_->readers) reader.word = 0xdeadbeef;
  EXPECT_EQ(mine().LockShared(), LockOutcome::kNeedsRepair);
  EXPECT_EQ(mine().Lock(), LockOutcome::kOwnerDied);
  mine().MarkConsistent();
  EXPECT_TRUE(mine().Unlock());
  EXPECT_EQ(mine().LockShared(), LockOutcome::kAcquired);
}

TEST_F(RwLockTest, SurvivesAReaderWordThatNamesAnotherSlot) {
  state_->readers[3].word = OwnerTag(0, 1).bits();
  EXPECT_EQ(mine().Lock(), LockOutcome::kAcquired);
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
