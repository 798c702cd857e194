#include "muster/ipc/lock/rw_lock.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/agreed_count.h"
#include "muster/ipc/lock/internal/fence.h"
#include "muster/ipc/lock/internal/futex.h"
#include "muster/ipc/lock/internal/owner_lock.h"
#include "muster/ipc/lock/internal/repair.h"
#include "muster/ipc/lock/internal/spin_budget.h"

namespace muster::ipc {

using internal::FutexWait;
using internal::FutexWakeAll;
using internal::OwnerLock;
using internal::PausesIn;
using internal::Spinner;
using internal::StoreLoadFence;

namespace {

static_assert(sizeof(RwLockWriter) == 128 && offsetof(RwLockWriter, entered) == 4 &&
              offsetof(RwLockWriter, slots) == 8 && offsetof(RwLockWriter, slept) == 12 &&
              offsetof(RwLockWriter, counts) == 64);
static_assert(sizeof(RwLockReader) == 128);

constexpr absl::Duration kLeavingReader = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<RwLock> RwLock::Create(RwLockWriter* writer, absl::Span<RwLockReader> readers,
                                      const Registry& registry, OwnerTag self,
                                      RepairCallback repair, absl::Duration spin) {
  MUSTER_RETURN_IF_ERROR(
      internal::AgreeOnCount(writer->slots, readers.size(), "reader-writer lock", "slots"));
  const std::size_t slots = std::min<std::size_t>(readers.size(), registry.capacity());
  if (self.slot() >= slots) {
    return absl::OutOfRangeError(absl::StrCat("reader-writer lock: no place for slot ", self.slot(),
                                              ": it has ", readers.size(), " and the registry ",
                                              registry.capacity()));
  }
  return RwLock(writer, readers.first(slots), registry, self, std::move(repair), spin);
}

RwLock::RwLock(RwLockWriter* writer, absl::Span<RwLockReader> readers, const Registry& registry,
               OwnerTag self, RepairCallback repair, absl::Duration spin)
    : writer_(writer),
      reader_(&readers[self.slot()]),
      readers_(readers),
      registry_(registry),
      self_(registry, self),
      pauses_(PausesIn(spin)),
      repair_(std::move(repair)) {}

// Writers.

OwnerLock RwLock::Word() const {
  return OwnerLock(writer_->word, &writer_->slept, &writer_->counts, registry_, self_);
}

LockOutcome RwLock::TryLock() {
  if (!self_.Confirm(registry_)) return LockOutcome::kNotParticipant;
  if (HoldsShared()) return LockOutcome::kWouldDeadlock;
  const Deadline now = Deadline::After(absl::ZeroDuration());
  const LockOutcome outcome = EnterAsWriter(Word().TryLock(), now);
  return outcome == LockOutcome::kTimedOut ? LockOutcome::kBusy : outcome;
}

LockOutcome RwLock::LockUntil(Deadline deadline) {
  if (!self_.Confirm(registry_)) return LockOutcome::kNotParticipant;
  if (HoldsShared()) return LockOutcome::kWouldDeadlock;
  return EnterAsWriter(Word().LockBySleeping(pauses_, deadline), deadline);
}

LockOutcome RwLock::EnterAsWriter(LockOutcome outcome, Deadline deadline) {
  if (!Holds(outcome)) return outcome;
  const OwnerLock lock = Word();
  // Relaxed: the word orders it. Who died owning the word, but not within its
  // section, has changed nothing: nobody needs to hear of it.
  const bool is_torn = writer_->entered.load(std::memory_order_relaxed) != 0;
  if (!is_torn && outcome == LockOutcome::kOwnerDied) lock.MarkConsistent();
  // Between this writer's word and the readers': pairs with EnterFree.
  StoreLoadFence();
  const bool has_entered = AwaitReaders(deadline);
  const bool may_stay = self_.Confirm(registry_);
  if (!has_entered || !may_stay) {
    is_torn ? lock.Abandon() : lock.Unlock(OwnerLock::Wake::kAll);
    return may_stay ? LockOutcome::kTimedOut : LockOutcome::kNotParticipant;
  }
  writer_->entered.store(self_.bits(), std::memory_order_relaxed);
  // A death is no other thread: the compiler alone could let it find changes of the
  // section without this mark.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return is_torn ? LockOutcome::kOwnerDied : LockOutcome::kAcquired;
}

bool RwLock::AwaitReaders(Deadline deadline) {
  for (std::uint32_t slot = 0; slot < readers_.size(); ++slot) {
    // Sequentially consistent: pairs with EnterFree. Also acquire: pairs with the
    // release in UnlockShared.
    const std::uint32_t seen = readers_[slot].word.load(std::memory_order_seq_cst);
    if (seen != 0 && !AwaitReader(slot, deadline)) return false;
  }
  return true;
}

// A reader that leaves stores its word and then looks for a writer, without a fence
// between, so it may miss this one while its store is still under way. That takes a processor
// far less than the spinning here, or the switch to another process where there is
// one processor only; then the sleep below does not begin. Should a processor take longer,
// kLeavingReader bounds what it costs.
bool RwLock::AwaitReader(std::uint32_t slot, Deadline deadline) {
  std::atomic<std::uint32_t>& word = readers_[slot].word;
  const absl::Duration nap = std::min(registry_.recheck_interval(), kLeavingReader);
  Spinner spinner(pauses_);
  bool has_slept = false;
  for (;;) {
    // As in AwaitReaders.
    std::uint32_t seen = word.load(std::memory_order_seq_cst);
    if (seen == 0) return true;
    const OwnerTag reader = OwnerTag::InWord(seen);
    if (reader.slot() != slot || !registry_.IsLive(reader)) {
      // Relaxed: the dead one only read. If this fails, somebody else did it.
      if (word.compare_exchange_strong(seen, 0, std::memory_order_relaxed)) {
        writer_->counts.AddRecovery();
      }
      continue;
    }
    if (spinner.Pause()) continue;
    if (deadline.has_passed() || !self_.Confirm(registry_)) return false;
    writer_->slept.Set();
    if (!std::exchange(has_slept, true)) writer_->counts.AddWait();
    FutexWait(word, seen, Earlier(deadline, Deadline::After(nap)));
  }
}

bool RwLock::Unlock() {
  if (!self_.Confirm(registry_)) return false;
  // Relaxed: this participant's own tag, or not.
  const std::uint32_t seen = writer_->word.load(std::memory_order_relaxed);
  if (OwnerTag::InWord(seen) != self_.tag()) return false;
  // Release: no change of the section comes after it. While the data is torn the
  // mark stays, for the case of a death before the next line.
  if (!(seen & OwnerTag::kDied)) writer_->entered.store(0, std::memory_order_release);
  return Word().Unlock(OwnerLock::Wake::kAll);
}

void RwLock::MarkConsistent() {
  if (!self_.Confirm(registry_)) return;
  Word().MarkConsistent();
}

bool RwLock::MarkNotRecoverable() {
  if (!self_.Confirm(registry_)) return false;
  // `entered` stays: after a Reset the next writer is told.
  return Word().Finish(kPoisonedMark);
}

bool RwLock::Abandon() { return self_.Confirm(registry_) && Word().AbandonForThread(); }

// Readers.

bool RwLock::MayUnlockShared() const { return HoldsShared() && self_.Confirm(registry_); }

void RwLock::WakeWriter() { FutexWakeAll(reader_->word); }

LockOutcome RwLock::LookAtWriter(std::uint32_t& seen) const {
  // Acquire: pairs with the release of the writer's unlock.
  seen = writer_->word.load(std::memory_order_acquire);
  if (seen == kUnlockedWord) return LockOutcome::kAcquired;
  if (IsMark(seen)) return LockOutcome::kNotRecoverable;
  const OwnerTag writer = OwnerTag::InWord(seen);
  if (writer == self_.tag()) return LockOutcome::kWouldDeadlock;
  return registry_.IsLive(writer) ? LockOutcome::kBusy : LockOutcome::kNeedsRepair;
}

LockOutcome RwLock::TryLockShared() {
  const LockOutcome outcome = LockSharedUntil(Deadline::After(absl::ZeroDuration()));
  return outcome == LockOutcome::kTimedOut ? LockOutcome::kBusy : outcome;
}

LockOutcome RwLock::ConfirmShared() {
  if (self_.Confirm(registry_)) return LockOutcome::kAcquired;
  // It left meanwhile. If Recover was faster, the word may be the slot's next holder's.
  std::uint32_t mine = self_.bits();
  if (reader_->word.compare_exchange_strong(mine, 0, std::memory_order_release,
                                            std::memory_order_relaxed)) {
    WakeWriter();
  }
  return LockOutcome::kNotParticipant;
}

LockOutcome RwLock::LockSharedSlowly(Deadline deadline) {
  if (!self_.Confirm(registry_)) return LockOutcome::kNotParticipant;
  // First: a writer that waits for this reader would be waited for.
  if (HoldsShared()) return LockOutcome::kWouldDeadlock;
  // A tag of the slot's generation before, which nobody has taken off the lock.
  if (reader_->word.exchange(0, std::memory_order_relaxed) != 0) {
    writer_->counts.AddRecovery();
    FutexWakeAll(reader_->word);
  }
  Spinner spinner(pauses_);
  bool has_slept = false;
  for (;;) {
    if (EnterFree()) return ConfirmShared();
    if (!self_.Confirm(registry_)) return LockOutcome::kNotParticipant;
    std::uint32_t seen;
    const LockOutcome outcome = LookAtWriter(seen);
    if (outcome == LockOutcome::kAcquired) continue;
    if (outcome != LockOutcome::kBusy) return outcome;
    if (spinner.Pause()) continue;
    // Relaxed: the flag orders nothing, the kernel compares the word again.
    if (!(seen & OwnerTag::kWaiters) &&
        !writer_->word.compare_exchange_strong(seen, seen | OwnerTag::kWaiters,
                                               std::memory_order_relaxed)) {
      continue;
    }
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    writer_->slept.Set();
    if (!std::exchange(has_slept, true)) writer_->counts.AddWait();
    FutexWait(writer_->word, seen | OwnerTag::kWaiters,
              Earlier(deadline, Deadline::After(registry_.recheck_interval())));
  }
}

// The standard's names.

void RwLock::lock() {
  const LockOutcome outcome = Lock();
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, "RwLock::lock");
}

bool RwLock::try_lock() {
  const LockOutcome outcome = TryLock();
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kWouldDeadlock) return false;
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, "RwLock::try_lock");
  return true;
}

void RwLock::unlock() {
  if (!Unlock()) TerminateFor(LockOutcome::kBusy, "RwLock::unlock");
}

void RwLock::lock_shared() {
  LockOutcome outcome = LockShared();
  for (; outcome == LockOutcome::kNeedsRepair; outcome = LockShared()) {
    lock();
    unlock();
  }
  if (outcome != LockOutcome::kAcquired) TerminateFor(outcome, "RwLock::lock_shared");
}

bool RwLock::try_lock_shared() {
  LockOutcome outcome = TryLockShared();
  for (; outcome == LockOutcome::kNeedsRepair; outcome = TryLockShared()) {
    if (!try_lock()) return false;
    unlock();
  }
  if (outcome == LockOutcome::kNotRecoverable || outcome == LockOutcome::kNotParticipant) {
    TerminateFor(outcome, "RwLock::try_lock_shared");
  }
  return outcome == LockOutcome::kAcquired;
}

void RwLock::unlock_shared() {
  if (!UnlockShared()) TerminateFor(LockOutcome::kBusy, "RwLock::unlock_shared");
}

void RwLock::RepairOrTerminate(LockOutcome outcome, const char* call) {
  internal::RepairOrTerminate(repair_, outcome, call);
  MarkConsistent();
}

bool ResetRwLock(RwLockWriter& writer) {
  if (!IsMark(writer.word.load(std::memory_order_relaxed))) return false;
  // A damaged word, since who marks it has entered. Before the word: the next writer is told.
  std::uint32_t nobody = 0;
  writer.entered.compare_exchange_strong(nobody, kPoisonedMark, std::memory_order_relaxed);
  return OwnerLock::Reset(writer.word);
}

bool RecoverRwLock(RwLockWriter& writer, absl::Span<RwLockReader> readers, OwnerTag dead) {
  bool was_writing = false;
  if (writer.entered.load(std::memory_order_relaxed) != 0) {
    was_writing = OwnerLock::Recover(writer.word, &writer.slept, &writer.counts, dead);
  } else {
    // It owned the word and waited for readers. Release: as in OwnerLock::Recover.
    std::uint32_t seen = writer.word.load(std::memory_order_relaxed);
    while (dead != OwnerTag() && OwnerTag::InWord(seen) == dead) {
      if (writer.word.compare_exchange_weak(seen, kUnlockedWord, std::memory_order_release,
                                            std::memory_order_relaxed)) {
        writer.counts.AddRecovery();
        break;
      }
    }
    if (writer.slept.IsSet()) FutexWakeAll(writer.word);
  }
  // The smaller of the two: beyond it may be something else.
  const std::uint32_t slots = writer.slots.load(std::memory_order_relaxed);
  if (dead.slot() >= readers.size() || (slots != 0 && dead.slot() >= slots)) return was_writing;
  std::atomic<std::uint32_t>& reader = readers[dead.slot()].word;
  std::uint32_t seen = reader.load(std::memory_order_relaxed);
  while (OwnerTag::InWord(seen) == dead) {
    if (reader.compare_exchange_weak(seen, 0, std::memory_order_relaxed)) {
      writer.counts.AddRecovery();
      break;
    }
  }
  if (writer.slept.IsSet()) FutexWakeAll(reader);
  return was_writing;
}

}  // namespace muster::ipc
