#ifndef MUSTER_IPC_LOCK_RW_LOCK_H_
#define MUSTER_IPC_LOCK_RW_LOCK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

struct alignas(kCacheLineBytes) RwLockWriter {
  // OwnerTag and flags, as owner_lock.h says; readers keep out while it is not
  // zero. Written by who locks exclusively, by who waits for that one (the waiters
  // flag) and by Recover.
  std::atomic<std::uint32_t> word{0};
  // Who is within an exclusive section; zero while the owner of `word` still waits
  // for readers. By the owner of `word`; it stays when that one dies.
  std::atomic<std::uint32_t> entered{0};
};

struct alignas(kCacheLineBytes) RwLockReader {
  // OwnerTag of the reader in this slot; no flags. Written by that reader, by a writer
  // that finds it dead, and by Recover.
  std::atomic<std::uint32_t> word{0};
};

// The part of a reader-writer lock that lies in shared memory, for participants in slots
// below kSlots. All bytes zero: unlocked. 128 bytes for each slot, so that readers do
// not take cache lines from each other, and a writer looks at every one of them: for few locks
// that are read often.
template <std::uint32_t kSlots = 64>
struct RwLockState {
  RwLockWriter writer;
  std::array<RwLockReader, kSlots> readers;

  // As MutexState::Recover, for readers and writers. True: `dead` was within an
  // exclusive section, and the next writer will be told.
  bool Recover(OwnerTag dead);
};

// A lock that many read or one writes, which survives the death of any of them. A
// reader that dies is taken off the lock; after a writer that dies within
// its section the next writer is told, and readers get kNeedsRepair until one has repaired.
// Writers go first: a reader that comes while one waits, waits behind it. Readers
// are known by slot, so none is counted twice or left behind. One handle per
// participant; not for several threads at once, not recursive, no upgrade from
// shared to exclusive, not inherited over fork. `state` and what `registry`
// views outlive it.
//
// Everything before an Unlock happens before what follows the next LockShared or Lock;
// everything before an UnlockShared happens before what follows the next Lock.
class RwLock {
 public:
  // `repair` is for lock() and its kin, and runs with the lock held exclusively.
  // `spin` comes before a sleep; about what a sleep and a wake cost.
  template <std::uint32_t kSlots>
  RwLock(RwLockState<kSlots>* state, const Registry& registry, OwnerTag self,
         RepairCallback repair = nullptr, absl::Duration spin = absl::Microseconds(5))
      : RwLock(&state->writer, absl::MakeSpan(state->readers), registry, self, std::move(repair),
               spin) {}

  [[nodiscard]] LockOutcome Lock() { return LockUntil(Deadline::Never()); }
  // kBusy after the spinning: others may be about to make way.
  [[nodiscard]] LockOutcome TryLock();
  // Spins, then sleeps; tries at least once.
  [[nodiscard]] LockOutcome LockUntil(Deadline deadline);
  // False: this participant does not hold it exclusively; nothing was changed.
  bool Unlock();
  // The writer that was told kOwnerDied has repaired the data.
  void MarkConsistent();

  [[nodiscard]] LockOutcome LockShared() {
    if (EnterFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSharedSlowly(Deadline::Never());
  }
  [[nodiscard]] LockOutcome TryLockShared();
  [[nodiscard]] LockOutcome LockSharedUntil(Deadline deadline) {
    if (EnterFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSharedSlowly(deadline);
  }
  // False: this participant does not hold it shared; nothing was changed.
  bool UnlockShared() {
    if (!HoldsShared()) return false;
    // Release: pairs with the acquire of a writer that waits for readers.
    reader_->word.store(0, std::memory_order_release);
    // The store may become visible after this load is done, and then no writer is
    // woken here. A fence would double the price of reading; AwaitReader sees to it.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (writer_->word.load(std::memory_order_relaxed) != kUnlockedWord) [[unlikely]]
      WakeWriter();
    return true;
  }

  // The standard's SharedTimedLockable, but for the timed ones. kOwnerDied and
  // kNeedsRepair run the repair callback or end the process with a message.
  void lock();
  bool try_lock();
  void unlock();
  void lock_shared();
  bool try_lock_shared();
  void unlock_shared();

 private:
  RwLock(RwLockWriter* writer, absl::Span<RwLockReader> readers, const Registry& registry,
         OwnerTag self, RepairCallback repair, absl::Duration spin);

  // The reader writes its word and then reads the writer's; the writer the other way round.
  // Sequentially consistent on both sides, so at least one sees the other.
  bool EnterFree() {
    std::uint32_t free = 0;
    if (!reader_->word.compare_exchange_strong(free, self_.bits(), std::memory_order_seq_cst,
                                               std::memory_order_relaxed)) {
      return false;
    }
    // Also acquire: pairs with the release of the writer's unlock.
    if (writer_->word.load(std::memory_order_seq_cst) == kUnlockedWord) return true;
    UnlockShared();
    return false;
  }
  LockOutcome LockSharedSlowly(Deadline deadline);
  // What keeps readers out; kAcquired: nothing.
  LockOutcome LookAtWriter(std::uint32_t& seen) const;
  bool HoldsShared() const {
    // Relaxed: only this participant writes its tag there.
    return reader_->word.load(std::memory_order_relaxed) == self_.bits();
  }
  void WakeWriter();

  LockOutcome EnterAsWriter(LockOutcome outcome, Deadline deadline);
  bool AwaitReaders(Deadline deadline);
  bool AwaitReader(std::uint32_t slot, Deadline deadline);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  RwLockWriter* writer_;
  RwLockReader* reader_;  // this participant's
  absl::Span<RwLockReader> readers_;
  Registry registry_;
  OwnerTag self_;
  std::uint32_t pauses_;
  RepairCallback repair_;
};

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
