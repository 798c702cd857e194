// What a program kept of a zone after its participant has left.

#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/zone/zone.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

// One handle of each kind that has an owner.
struct Handles {
  explicit Handles(const Zone& zone)
      : mutex(Must(zone.Get<ZoneMutex>("mutex"))),
        spinlock(Must(zone.Get<ZoneSpinlock>("spinlock"))),
        rw_lock(Must(zone.Get<ZoneRwLock>("rw_lock"))),
        once(Must(zone.Get<ZoneOnce>("once"))),
        semaphore(Must(zone.Get<Semaphore>("semaphore", 1))),
        latch(Must(zone.Get<ZoneLatch<int>>("latch"))) {}

  std::shared_ptr<ZoneMutex> mutex;
  std::shared_ptr<ZoneSpinlock> spinlock;
  std::shared_ptr<ZoneRwLock> rw_lock;
  std::shared_ptr<ZoneOnce> once;
  std::shared_ptr<Semaphore> semaphore;
  std::shared_ptr<ZoneLatch<int>> latch;
};

void ExpectRefusals(const Handles& handles) {
  const Deadline soon = Deadline::After(absl::Milliseconds(1));
  constexpr LockOutcome kRefused = LockOutcome::kNotParticipant;
  EXPECT_EQ(handles.mutex->Lock(), kRefused);
  EXPECT_EQ(handles.mutex->TryLock(), kRefused);
  EXPECT_EQ(handles.mutex->TryLockUntil(soon), kRefused);
  EXPECT_FALSE(handles.mutex->Unlock());
  EXPECT_FALSE(handles.mutex->MarkNotRecoverable());
  EXPECT_EQ(handles.spinlock->Lock(), kRefused);
  EXPECT_EQ(handles.spinlock->TryLock(), kRefused);
  EXPECT_EQ(handles.spinlock->TryLockUntil(soon), kRefused);
  EXPECT_FALSE(handles.spinlock->Unlock());
  EXPECT_EQ(handles.rw_lock->Lock(), kRefused);
  EXPECT_EQ(handles.rw_lock->TryLock(), kRefused);
  EXPECT_FALSE(handles.rw_lock->Unlock());
  EXPECT_EQ(handles.rw_lock->LockShared(), kRefused);
  EXPECT_EQ(handles.rw_lock->TryLockShared(), kRefused);
  EXPECT_FALSE(handles.rw_lock->UnlockShared());
  const absl::Status status = handles.once->Call([](bool) {
    ADD_FAILURE() << "ran for nobody";
    return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(handles.semaphore->Acquire(), std::nullopt);
  EXPECT_EQ(handles.semaphore->TryAcquire(), std::nullopt);
  EXPECT_FALSE(handles.semaphore->Release(0));
  EXPECT_FALSE(handles.latch->Write(1));
}

void ExpectUse(const Handles& handles) {
  EXPECT_EQ(handles.mutex->Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(handles.mutex->Unlock());
  EXPECT_EQ(handles.spinlock->Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(handles.spinlock->Unlock());
  EXPECT_EQ(handles.rw_lock->Lock(), LockOutcome::kAcquired);
  EXPECT_TRUE(handles.rw_lock->Unlock());
  EXPECT_EQ(handles.rw_lock->LockShared(), LockOutcome::kAcquired);
  EXPECT_TRUE(handles.rw_lock->UnlockShared());
  const auto permit = handles.semaphore->TryAcquire();
  EXPECT_TRUE(permit.has_value() && handles.semaphore->Release(*permit));
  EXPECT_TRUE(handles.latch->Write(1));
}

class LeftParticipant : public ::testing::Test {
 protected:
  const Zone zone_ = Must(Zone::Create(ZonePlace::Memfd("test")));
  // For what is said between processes; its own registry is not used.
  TestZone page_;
  Gate* held_ = page_.Place<Gate>();
  Gate* left_ = page_.Place<Gate>();
};

TEST_F(LeftParticipant, HasNoUseOfItsHandles) {
  Participant self = Must(zone_.Join());
  const Handles handles(zone_);
  ExpectUse(handles);
  self.Leave();
  ExpectRefusals(handles);
}

TEST_F(LeftParticipant, HasNoUseOfItsHandlesInAnyThread) {
  std::optional<Participant> self = Must(zone_.Join());
  const Handles handles(zone_);
  self.reset();
  std::thread([&] { ExpectRefusals(handles); }).join();
}

TEST_F(LeftParticipant, HasNoUseOfItsHandlesWhenItHasJoinedAgain) {
  Participant self = Must(zone_.Join());
  const Handles old(zone_);
  const OwnerTag before = self.tag();
  self.Leave();
  // Until it is in the same slot again.
  for (self = Must(zone_.Join()); self.tag().slot() != before.slot(); self = Must(zone_.Join())) {
    self.Leave();
  }
  const Handles handles(zone_);
  ExpectRefusals(old);
  ExpectUse(handles);
  // Nor while the new ones hold.
  ASSERT_EQ(handles.mutex->Lock(), LockOutcome::kAcquired);
  ASSERT_EQ(handles.spinlock->Lock(), LockOutcome::kAcquired);
  ASSERT_EQ(handles.rw_lock->Lock(), LockOutcome::kAcquired);
  ASSERT_TRUE(handles.semaphore->TryAcquire().has_value());
  ExpectRefusals(old);
  EXPECT_TRUE(handles.mutex->Unlock());
  EXPECT_TRUE(handles.spinlock->Unlock());
  EXPECT_TRUE(handles.rw_lock->Unlock());
}

TEST_F(LeftParticipant, HoldsNothingThatItHeld) {
  Participant self = Must(zone_.Join());
  const Handles handles(zone_);
  ASSERT_EQ(handles.mutex->Lock(), LockOutcome::kAcquired);
  ASSERT_EQ(handles.spinlock->Lock(), LockOutcome::kAcquired);
  ASSERT_EQ(handles.rw_lock->LockShared(), LockOutcome::kAcquired);
  ASSERT_TRUE(handles.semaphore->TryAcquire().has_value());
  self.Leave();
  ForkedChild other([&] {
    const Participant next = Must(zone_.Join());
    const Handles its(zone_);
    const bool is_told = its.mutex->Lock() == LockOutcome::kOwnerDied &&
                         its.spinlock->Lock() == LockOutcome::kOwnerDied;
    const bool is_free =
        its.rw_lock->Lock() == LockOutcome::kAcquired && its.semaphore->TryAcquire().has_value();
    held_->Open();
    left_->Await();
    return is_told && is_free && its.mutex->Unlock() && its.spinlock->Unlock() &&
                   its.rw_lock->Unlock() && its.semaphore->Release(0)
               ? 0
               : 1;
  });
  held_->Await();
  EXPECT_FALSE(handles.rw_lock->UnlockShared());
  EXPECT_FALSE(handles.mutex->Unlock());
  EXPECT_FALSE(handles.spinlock->Unlock());
  ExpectRefusals(handles);
  left_->Open();
  EXPECT_EQ(other.Join(), 0);
}

TEST_F(LeftParticipant, JoinsNoReadersThatHaveNotUnlocked) {
  Participant self = Must(zone_.Join());
  const auto lock = Must(zone_.Get<ZoneRwLock>("rw_lock"));
  ASSERT_EQ(lock->LockShared(), LockOutcome::kAcquired);
  std::thread([&] {
    ASSERT_EQ(lock->LockShared(), LockOutcome::kAcquired);
    self.Leave();
    EXPECT_FALSE(lock->UnlockShared());
    EXPECT_EQ(lock->LockShared(), LockOutcome::kNotParticipant);
  }).join();
  EXPECT_FALSE(lock->UnlockShared());
}

// Threads that wait for what another process holds.
TEST_F(LeftParticipant, EndsTheWaitsOfItsThreads) {
  ForkedChild holder([&] {
    const Participant self = Must(zone_.Join());
    const Handles handles(zone_);
    (void)handles.mutex->Lock();
    (void)handles.spinlock->Lock();
    (void)handles.rw_lock->Lock();
    (void)handles.semaphore->Acquire();
    return handles.once
                   ->Call([&](bool) {
                     held_->Open();
                     left_->Await();
                     return absl::OkStatus();
                   })
                   .ok()
               ? 0
               : 1;
  });
  held_->Await();
  Participant self = Must(zone_.Join());
  const Handles handles(zone_);
  constexpr LockOutcome kRefused = LockOutcome::kNotParticipant;
  const std::vector<std::function<bool()>> waits = {
      [&] { return handles.mutex->Lock() == kRefused; },
      [&] { return handles.mutex->Lock() == kRefused; },
      [&] { return handles.spinlock->Lock() == kRefused; },
      [&] { return handles.rw_lock->Lock() == kRefused; },
      [&] { return handles.rw_lock->LockShared() == kRefused; },
      [&] { return handles.semaphore->Acquire() == std::nullopt; },
      [&] {
        return absl::IsFailedPrecondition(
            handles.once->Call([](bool) { return absl::OkStatus(); }));
      },
  };
  std::atomic<std::size_t> begun = 0;
  std::atomic<std::size_t> refused = 0;
  std::vector<std::thread> threads;
  for (const auto& wait : waits) {
    threads.emplace_back([&] {
      ++begun;
      if (wait()) ++refused;
    });
  }
  // Whether they are asleep by then or not, they are refused.
  while (begun < waits.size()) std::this_thread::yield();
  self.Leave();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, waits.size());
  left_->Open();
  EXPECT_EQ(holder.Join(), 0);
}

TEST_F(LeftParticipant, KeepsWhatHasNoOwner) {
  struct Ledger {
    std::atomic<int> balance{7};
  };
  Participant self = Must(zone_.Join());
  const auto event = Must(zone_.Get<Event>("event"));
  const auto counter = Must(zone_.Get<ZoneCounter>("counter"));
  const auto ledger = Must(zone_.Get<Ledger>("ledger"));
  self.Leave();
  event->NotifyAll();
  EXPECT_TRUE(event->Await([] { return true; }));
  counter->Add(3);
  EXPECT_EQ(counter->value(), 3u);
  EXPECT_EQ(ledger->balance, 7);
}

}  // namespace
}  // namespace muster::ipc
