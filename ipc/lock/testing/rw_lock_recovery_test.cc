// A reader-writer lock after the death of a reader or a writer, or with damaged words: who is told,
// and who repairs.

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/testing/rw_lock_fixture.h"

namespace muster::ipc {
namespace {

TEST_F(RwLockTest, IsNotRecoveredBeyondItsReaders) {
  auto* state = zone_.Place<RwLockState<2>>();
  auto* behind = zone_.Place<RwLockReader>();
  ASSERT_TRUE(RwLock::Create(state, registry(), zone_.Reserve(1)).ok());
  const OwnerTag dead = zone_.Reserve(2);
  behind->word = dead.bits();
  RecoverRwLock(state->writer, absl::MakeSpan(state->readers.data(), 3), dead);
  EXPECT_EQ(behind->word, dead.bits());
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

using RwLockDeathTest = RwLockTest;

TEST_F(RwLockDeathTest, EndsTheProcessWhenNobodyCanRepair) {
  state_->Recover(KillAWriter());
  EXPECT_DEATH(As(tag_).lock(), "RwLock::lock: its owner died");
}

TEST_F(RwLockDeathTest, EndsTheProcessOfAReaderWhenNobodyCanRepair) {
  state_->Recover(KillAWriter());
  EXPECT_DEATH(As(tag_).lock_shared(), "RwLock::lock: its owner died");
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

}  // namespace
}  // namespace muster::ipc
