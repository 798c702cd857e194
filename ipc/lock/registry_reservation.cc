// How a parent reserves a slot of the registry for its child, and how the child joins with it.

#include <unistd.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/process_identity.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/participant_line.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

using internal::IsLiveIdentity;
using internal::kJoined;
using internal::ParticipantLine;
using internal::ReservedIdentity;
using internal::StateIn;

namespace {

// Others have a slot's lock for as long as they look at the slot. Only one that was stopped then
// has it longer.
constexpr absl::Duration kLook = absl::Microseconds(50);
constexpr absl::Duration kLongestLook = absl::Seconds(1);

}  // namespace

absl::StatusOr<OwnerTag> Registry::Reserve(std::uint32_t slot) const {
  if (slot >= capacity_) {
    return absl::OutOfRangeError(
        absl::StrCat("reserve slot ", slot, ": the registry has ", capacity_));
  }
  // Who only looks does not get in the way of a child that joins.
  if (StateIn(lines_[slot].identity.load(std::memory_order_relaxed)) != ParticipantState::kFree) {
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, ": it is not free"));
  }
  if (liveness_ == nullptr) return ReserveHeld(slot);
  // Until the reserver's name stands in the line, its lock stands for it.
  const absl::StatusOr<bool> is_mine = liveness_->TryHold(slot);
  if (!is_mine.ok()) return Annotate(is_mine.status(), absl::StrCat("reserve slot ", slot));
  if (!*is_mine) {
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, ": it is held"));
  }
  const absl::StatusOr<OwnerTag> tag = ReserveHeld(slot);
  liveness_->Release(slot);
  return tag;
}

absl::StatusOr<OwnerTag> Registry::ReserveHeld(std::uint32_t slot) const {
  ParticipantLine& line = lines_[slot];
  const auto refused = [slot](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, why));
  };
  // Acquire: pairs with the release in Free; what was recovered is recovered.
  std::uint32_t seen = line.identity.load(std::memory_order_acquire);
  if (StateIn(seen) != ParticipantState::kFree) return refused(": it is not free");
  const OwnerTag next(slot, NextGeneration(seen));
  if (liveness_ != nullptr) {
    // Before anybody can ask for it.
    const absl::StatusOr<bool> is_mine = liveness_->TryHoldReservation(next);
    if (!is_mine.ok()) return Annotate(is_mine.status(), absl::StrCat("reserve slot ", slot));
    if (!*is_mine) return refused(": its next generation is held");
    // What the line tells of an earlier process would come true again when the generations come
    // round: with the slot's lock it goes before anybody can read it. Without it, nothing is
    // written before the slot is ours: another may be reserving it.
    line.ForgetProcess();
  }
  if (!line.identity.compare_exchange_strong(
          seen, ReservedIdentity(next), std::memory_order_acq_rel, std::memory_order_relaxed)) {
    if (liveness_ != nullptr) liveness_->ReleaseReservation(next);
    return refused(": it is not free");
  }
  if (liveness_ == nullptr) line.ForgetProcess();
  line.TellReserver(next.generation(), IdentityOf(::getpid()));
  return next;
}

absl::StatusOr<OwnerTag> Registry::ReserveAny() const {
  const std::uint32_t first = NextSlot();
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    absl::StatusOr<OwnerTag> tag = Reserve((first + i) % capacity_);
    if (!absl::IsFailedPrecondition(tag.status())) return tag;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("reserve a slot: all ", capacity_, " of the registry are taken"));
}

void Registry::SetProcess(OwnerTag tag, pid_t pid) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return;
  const std::uint32_t identity = line->identity.load(std::memory_order_acquire);
  if (!IsLiveIdentity(identity, tag)) return;
  if (liveness_ == nullptr) return StoreProcess(tag, pid);
  // Who has joined has said it itself. What its parent knows may be its number in another pid
  // namespace, or a process in between.
  if (identity & kJoined) return;
  // Under the slot's lock, so that what a slow parent tells never stands for the next holder.
  const absl::StatusOr<bool> is_mine = HoldReserved(tag);
  if (!is_mine.ok() || !*is_mine) return;
  if (line->identity.load(std::memory_order_acquire) == ReservedIdentity(tag)) {
    StoreProcess(tag, pid);
  }
  liveness_->Release(tag.slot());
}

void Registry::StoreProcess(OwnerTag tag, pid_t pid) const {
  LineOf(tag)->TellProcess(tag.generation(), IdentityOf(pid));
}

absl::StatusOr<bool> Registry::HoldReserved(OwnerTag tag) const {
  const ParticipantLine& line = *LineOf(tag);
  const Deadline deadline = Deadline::After(kLongestLook);
  for (;;) {
    MUSTER_ASSIGN_OR_RETURN(const bool is_mine, liveness_->TryHold(tag.slot()));
    if (is_mine) return true;
    if (line.identity.load(std::memory_order_acquire) != ReservedIdentity(tag)) return false;
    if (deadline.has_passed()) return false;
    absl::SleepFor(kLook);
  }
}

absl::Status Registry::Join(OwnerTag tag) const {
  const auto refused = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("join slot ", tag.slot(), ": generation ", tag.generation(), why));
  };
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return refused(" is not reserved");
  std::uint32_t seen = ReservedIdentity(tag);
  if (liveness_ == nullptr) {
    if (line->identity.load(std::memory_order_acquire) != seen) return refused(" is not reserved");
  } else {
    const absl::StatusOr<bool> is_mine = HoldReserved(tag);
    if (!is_mine.ok()) {
      return Annotate(is_mine.status(), absl::StrCat("join slot ", tag.slot()));
    }
    if (!*is_mine) {
      seen = line->identity.load(std::memory_order_acquire);
      if (seen == ReservedIdentity(tag)) {
        return absl::UnavailableError(absl::StrCat("join slot ", tag.slot(),
                                                   ": its lock was not to be had for ",
                                                   absl::FormatDuration(kLongestLook)));
      }
      return refused(IsLiveIdentity(seen, tag) ? " has been joined by a live process"
                                               : " is not reserved");
    }
    // Who reads "joined" asks for the lock, which is held already.
    if (!line->identity.compare_exchange_strong(seen, seen | kJoined, std::memory_order_acq_rel,
                                                std::memory_order_relaxed)) {
      liveness_->Release(tag.slot());
      return refused(IsLiveIdentity(seen, tag) ? " has been joined before" : " is not reserved");
    }
  }
  StoreProcess(tag, ::getpid());
  return absl::OkStatus();
}

bool Registry::Withdraw(OwnerTag tag) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr || line->ProcessOf(tag.generation()).pid != 0) return false;
  const ProcessIdentity reserver = line->ReserverOf(tag.generation());
  if (reserver.pid != ::getpid() || reserver.pid_namespace != OwnPidNamespace()) return false;
  if (!line->WithdrawReserved(tag)) return false;
  if (liveness_ != nullptr) liveness_->ReleaseReservation(tag);
  return true;
}

}  // namespace muster::ipc
