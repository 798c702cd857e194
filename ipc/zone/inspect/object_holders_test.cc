#include "muster/ipc/zone/inspect/object_holders.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ObjectHoldersTest : public ::testing::Test {
 protected:
  ObjectHolders Holders(std::size_t index = 0) const { return HoldersOf(*zone_.List()[index]); }

  const Zone zone_ = *Zone::Create(ZonePlace::Memfd("looked at"));
  const Participant self_ = *zone_.Join();
};

TEST_F(ObjectHoldersTest, AreNobodyAtFirst) {
  ASSERT_TRUE(zone_.Get<ZoneMutex>("mutex").ok());
  EXPECT_THAT(Holders().owners, IsEmpty());
  EXPECT_FALSE(Holders().has_waiters || Holders().owner_died || Holders().is_poisoned);
}

TEST_F(ObjectHoldersTest, AreOwnersAndReadersAndHoldersOfPermits) {
  ASSERT_EQ((*zone_.Get<ZoneMutex>("mutex"))->Lock(), LockOutcome::kAcquired);
  ASSERT_EQ((*zone_.Get<ZoneRwLock>("rwlock"))->LockShared(), LockOutcome::kAcquired);
  const auto semaphore = *zone_.Get<Semaphore>("semaphore", 3u);
  ASSERT_TRUE(semaphore->Acquire() && semaphore->Acquire());
  EXPECT_THAT(Holders(0).owners, ElementsAre(self_.tag()));
  EXPECT_THAT(Holders(1).owners, IsEmpty());
  EXPECT_THAT(Holders(1).readers, ElementsAre(self_.tag()));
  EXPECT_THAT(Holders(2).owners, ElementsAre(self_.tag(), self_.tag()));
}

TEST_F(ObjectHoldersTest, TellOfADeathAndOfAnEnd) {
  const auto mutex = *zone_.Get<ZoneMutex>("mutex");
  auto& word = reinterpret_cast<MutexState*>(zone_.List()[0]->state)->word;
  word = kAbandonedWord;
  EXPECT_TRUE(Holders().owner_died);
  EXPECT_THAT(Holders().owners, IsEmpty());
  word = kPoisonedMark;
  EXPECT_TRUE(Holders().is_poisoned);
  word = kDoneMark;
  EXPECT_TRUE(Holders().is_done);
  EXPECT_FALSE(Holders().is_poisoned);
  word = OwnerTag(3, 5).bits() | OwnerTag::kWaiters;
  EXPECT_TRUE(Holders().has_waiters);
  EXPECT_THAT(Holders().owners, ElementsAre(OwnerTag(3, 5)));
}

TEST_F(ObjectHoldersTest, HaveTheTotalsOfMutexesAndReaderWriterLocks) {
  ASSERT_TRUE(zone_.Get<ZoneMutex>("mutex").ok());
  ASSERT_TRUE(zone_.Get<ZoneRwLock>("rwlock").ok());
  ASSERT_TRUE(zone_.Get<Semaphore>("semaphore", 3u).ok());
  auto& mutex = *reinterpret_cast<MutexState*>(zone_.List()[0]->state);
  mutex.counts.AddWait();
  mutex.counts.AddWait();
  reinterpret_cast<RwLockWriter*>(zone_.List()[1]->state)->counts.AddRecovery();
  ASSERT_TRUE(Holders(0).totals.has_value() && Holders(1).totals.has_value());
  EXPECT_EQ(Holders(0).totals->waits, 2u);
  EXPECT_EQ(Holders(0).totals->recoveries, 0u);
  EXPECT_EQ(Holders(1).totals->waits, 0u);
  EXPECT_EQ(Holders(1).totals->recoveries, 1u);
  EXPECT_FALSE(Holders(2).totals.has_value());
}

}  // namespace
}  // namespace muster::ipc
