#ifndef MUSTER_IPC_LOCK_RW_LOCK_H_
#define MUSTER_IPC_LOCK_RW_LOCK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/internal/sleep_mark.h"
#include "muster/ipc/lock/lock_counts.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

namespace internal {
class OwnerLock;
}

// The writers' part of a reader-writer lock.
struct alignas(kCacheLineBytes) RwLockWriter {
  // OwnerTag and flags, as described in internal/owner_lock.h. Readers stay out while it is not
  // zero. Written by writers, by participants that wait for a writer (the waiters flag) and by
  // Recover.
  std::atomic<std::uint32_t> word{0};
  // The tag of the writer that is within its exclusive section; zero while the owner of `word`
  // waits for readers. Written by the owner of `word`. Remains when that one dies.
  std::atomic<std::uint32_t> entered{0};
  // How many readers follow. Zero: nobody has created a handle yet. Written once, by the first
  // Create. It is only compared, and leads nowhere.
  std::atomic<std::uint32_t> slots{0};
  // Written by participants that sleep on `word`, and by writers that sleep on a reader's word.
  internal::SleepMark slept;
  // Of readers and writers. Written by participants that wait or recover.
  alignas(kCacheLineBytes / 2) LockCounts counts;
};

// One reader's part of a reader-writer lock.
struct alignas(kCacheLineBytes) RwLockReader {
  // OwnerTag of the reader in this slot, without flags. Written by this reader, by a writer that
  // finds the reader dead, and by Recover.
  std::atomic<std::uint32_t> word{0};
};

// As RwLockState::Reset.
bool ResetRwLock(RwLockWriter& writer);

// The part of a reader-writer lock that is in shared memory, for participants in slots below
// kSlots. All bytes zero: unlocked. It has 128 bytes for each slot, so that readers do not share
// cache lines, and a writer reads all of them. So use few such locks, for data that is read often.
// The memory knows its number of slots: a program that was built with another one gets an error.
//
// Where the number is known only at run time: a RwLockWriter, and behind it an array of
// RwLockReader.
template <std::uint32_t kSlots = 64>
struct RwLockState {
  RwLockWriter writer;
  std::array<RwLockReader, kSlots> readers;

  // As MutexState::Recover, for readers and writers. True: `dead` was within an exclusive section,
  // and the next writer gets kOwnerDied.
  bool Recover(OwnerTag dead);
  // As MutexState::Reset. The next writer gets kOwnerDied, and readers get kNeedsRepair.
  bool Reset() { return ResetRwLock(writer); }
};

// A lock for many readers or one writer that survives the death of any of them. A reader that dies
// is removed from the lock. After a writer that died within its section, the next writer gets
// kOwnerDied, and readers get kNeedsRepair until a writer has repaired the data. Writers have
// priority: while a writer waits, new readers wait behind it. Each reader has a word of its own, as
// the readers of Linux's former big-reader lock had one for each processor.
//
// One handle for each participant. A handle is for one thread at a time, is not recursive, and
// cannot upgrade from shared to exclusive. In a child of fork, and with a tag that the registry
// does not show as live, it answers kNotParticipant and false, as a Mutex does. `state` and the
// memory of `registry` must outlive it.
//
// Everything before an Unlock happens before everything after the next LockShared or Lock.
// Everything before an UnlockShared happens before everything after the next Lock.
class RwLock {
 public:
  // lock() and the like call `repair` with the lock held exclusively. `spin` is how long to spin
  // before sleeping; the best value is about the cost of a sleep and a wake. InvalidArgument: the
  // memory has another number of slots; the error names both. OutOfRange: the lock has no place for
  // the slot of `self`.
  static absl::StatusOr<RwLock> Create(RwLockWriter* writer, absl::Span<RwLockReader> readers,
                                       const Registry& registry, OwnerTag self,
                                       RepairCallback repair = nullptr,
                                       absl::Duration spin = absl::Microseconds(5));
  template <std::uint32_t kSlots>
  static absl::StatusOr<RwLock> Create(RwLockState<kSlots>* state, const Registry& registry,
                                       OwnerTag self, RepairCallback repair = nullptr,
                                       absl::Duration spin = absl::Microseconds(5)) {
    return Create(&state->writer, absl::MakeSpan(state->readers), registry, self, std::move(repair),
                  spin);
  }

  // Exclusive locks. Lock and LockUntil spin, then sleep; LockUntil tries at least once. TryLock
  // spins, because others may be about to leave, and never sleeps.
  [[nodiscard]] LockOutcome Lock() { return LockUntil(Deadline::Never()); }
  [[nodiscard]] LockOutcome TryLock();
  [[nodiscard]] LockOutcome LockUntil(Deadline deadline);
  // False: this participant does not hold the lock exclusively. Nothing was changed.
  bool Unlock();
  // Call it after kOwnerDied, when the data is repaired and before Unlock. After an Unlock without
  // it the next writer gets kOwnerDied, too, and readers get kNeedsRepair.
  void MarkConsistent();
  // Instead of Unlock, as Mutex::MarkNotRecoverable.
  bool MarkNotRecoverable();
  // Gives an exclusive lock up as if this participant had died: the next writer gets kOwnerDied,
  // and readers get kNeedsRepair. For a thread that ends within its section. False, as Unlock.
  bool Abandon();
  // As Mutex::Expire, for shared locks too.
  void Expire() { self_.End(); }
  // As Mutex::CountWait.
  void CountWait() { writer_->counts.AddWait(); }
  // True: a writer holds the lock, or waits for readers to leave. One load.
  bool IsWriterWaiting() const {
    // Relaxed: a hint. LockShared looks again.
    return writer_->word.load(std::memory_order_relaxed) != kUnlockedWord;
  }

  // Shared locks. They spin and sleep in the same way.
  [[nodiscard]] LockOutcome LockShared() {
    if (self_.holds() && EnterFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSharedSlowly(Deadline::Never());
  }
  [[nodiscard]] LockOutcome TryLockShared();
  // Neither spins nor sleeps. False: not acquired, for whatever reason.
  [[nodiscard]] bool TryLockSharedOnce() { return EnterFree(); }
  [[nodiscard]] LockOutcome LockSharedUntil(Deadline deadline) {
    if (self_.holds() && EnterFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSharedSlowly(deadline);
  }
  // False: this participant does not hold the lock shared. Nothing was changed.
  bool UnlockShared() {
    // Relaxed: as in HoldsShared.
    if (!self_.IsIn(reader_->word.load(std::memory_order_relaxed)) && !MayUnlockShared())
        [[unlikely]] {
      return false;
    }
    LeaveShared();
    return true;
  }

  // The standard's SharedTimedLockable, without the timed calls. After kOwnerDied and kNeedsRepair
  // they call the repair callback, or print a message and abort, as in Mutex.
  void lock();
  bool try_lock();
  void unlock();
  void lock_shared();
  bool try_lock_shared();
  void unlock_shared();

 private:
  RwLock(RwLockWriter* writer, absl::Span<RwLockReader> readers, const Registry& registry,
         OwnerTag self, RepairCallback repair, absl::Duration spin);

  void LeaveShared() {
    // Release: pairs with the acquire of a writer that waits for readers.
    reader_->word.store(0, std::memory_order_release);
    // The store may become visible after this load, and then no writer is woken here. A fence would
    // double the cost of reading. AwaitReader handles this case.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (writer_->word.load(std::memory_order_relaxed) != kUnlockedWord) [[unlikely]]
      WakeWriter();
  }
  // The reader writes its word and then reads the writer's. The writer writes its word and then
  // reads the reader's. Sequentially consistent on both sides, so at least one sees the other.
  bool EnterFree() {
    std::uint32_t free = 0;
    if (!reader_->word.compare_exchange_strong(free, self_.bits(), std::memory_order_seq_cst,
                                               std::memory_order_relaxed)) {
      return false;
    }
    // Also acquire: pairs with the release of the writer's unlock.
    if (writer_->word.load(std::memory_order_seq_cst) == kUnlockedWord) return true;
    LeaveShared();
    return false;
  }
  LockOutcome LockSharedSlowly(Deadline deadline);
  // After EnterFree.
  LockOutcome ConfirmShared();
  // The reason that keeps readers out. kAcquired: nothing does.
  LockOutcome LookAtWriter(std::uint32_t& seen) const;
  bool HoldsShared() const {
    // Relaxed: only this participant writes its tag there.
    return reader_->word.load(std::memory_order_relaxed) == self_.bits();
  }
  bool MayUnlockShared() const;
  void WakeWriter();

  internal::OwnerLock Word() const;
  LockOutcome EnterAsWriter(LockOutcome outcome, Deadline deadline);
  bool AwaitReaders(Deadline deadline);
  bool AwaitReader(std::uint32_t slot, Deadline deadline);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  RwLockWriter* writer_;
  RwLockReader* reader_;  // this participant's
  absl::Span<RwLockReader> readers_;
  Registry registry_;
  internal::Identity self_;
  std::uint32_t pauses_;
  RepairCallback repair_;
};

// As RwLockState::Recover.
bool RecoverRwLock(RwLockWriter& writer, absl::Span<RwLockReader> readers, OwnerTag dead);

template <std::uint32_t kSlots>
bool RwLockState<kSlots>::Recover(OwnerTag dead) {
  static_assert(sizeof(RwLockState) == (1 + kSlots) * 128);
  static_assert(offsetof(RwLockState, readers) == 128);
  static_assert(std::is_standard_layout_v<RwLockState>);
  static_assert(std::is_trivially_destructible_v<RwLockState>);
  return RecoverRwLock(writer, absl::MakeSpan(readers), dead);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_RW_LOCK_H_
