#include "muster/ipc/lock/registry.h"

#include <unistd.h>

#include <atomic>
#include <new>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/process_identity.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/participant_line.h"
#include "muster/ipc/lock/internal/registry_header.h"
#include "muster/ipc/lock/internal/seen_alive.h"

namespace muster::ipc {

using internal::CheckRegistryMemory;
using internal::GenerationIn;
using internal::IdentityWord;
using internal::IsLiveIdentity;
using internal::IsReservedIdentity;
using internal::kJoined;
using internal::NoteSeenAlive;
using internal::ParticipantLine;
using internal::RegistryBytes;
using internal::RegistryHeader;
using internal::RegistryShape;
using internal::StateIn;
using internal::WasSeenAlive;

namespace {

ParticipantLine* LinesIn(void* memory) {
  return reinterpret_cast<ParticipantLine*>(static_cast<char*>(memory) + sizeof(RegistryHeader));
}

}  // namespace

std::size_t Registry::BytesFor(std::uint32_t capacity) { return RegistryBytes(capacity); }

absl::StatusOr<Registry> Registry::Create(void* memory, std::size_t bytes, std::uint32_t capacity,
                                          const Liveness* liveness, int generation_bits) {
  MUSTER_RETURN_IF_ERROR(CheckRegistryMemory(memory, bytes));
  const RegistryShape shape = {.capacity = capacity, .generation_bits = generation_bits};
  MUSTER_RETURN_IF_ERROR(shape.Check(bytes));
  auto* header = new (memory) RegistryHeader{};
  for (std::uint32_t slot = 0; slot < capacity; ++slot) {
    new (LinesIn(memory) + slot) ParticipantLine{};
  }
  const Registry registry(header, LinesIn(memory), capacity, generation_bits, liveness);
  registry.StoreHeader();
  return registry;
}

absl::StatusOr<Registry> Registry::Attach(void* memory, std::size_t bytes,
                                          const Liveness* liveness) {
  MUSTER_RETURN_IF_ERROR(CheckRegistryMemory(memory, bytes));
  auto* header = static_cast<RegistryHeader*>(memory);
  MUSTER_ASSIGN_OR_RETURN(const RegistryShape shape, header->Read(bytes));
  if (shape.inode && liveness == nullptr) {
    return absl::FailedPreconditionError(
        "registry: its participants hold locks on the segment; attach it with a Liveness");
  }
  if (!shape.inode && liveness != nullptr) {
    return absl::FailedPreconditionError(
        "registry: it was created without a Liveness, so nobody holds a lock on the segment");
  }
  if (shape.inode && *shape.inode != liveness->inode()) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry: it is in the file with inode ", *shape.inode,
                     ", the Liveness is bound to inode ", liveness->inode()));
  }
  return Registry(header, LinesIn(memory), shape.capacity, shape.generation_bits, liveness);
}

void Registry::StoreHeader() const {
  RegistryShape shape = {.capacity = capacity_, .generation_bits = std::popcount(generation_mask_)};
  if (liveness_ != nullptr) shape.inode = liveness_->inode();
  header_->Store(shape);
}

ParticipantLine* Registry::LineOf(OwnerTag tag) const {
  return tag.slot() < capacity_ ? &lines_[tag.slot()] : nullptr;
}

std::uint32_t Registry::NextGeneration(std::uint32_t identity) const {
  return (GenerationIn(identity) + 1) & generation_mask_;
}

bool Registry::MarkDead(OwnerTag tag) const {
  ParticipantLine* line = LineOf(tag);
  return line != nullptr && line->Change(tag, ParticipantState::kLive, ParticipantState::kDead);
}

bool Registry::Free(OwnerTag tag) const {
  ParticipantLine* line = LineOf(tag);
  return line != nullptr && line->Change(tag, ParticipantState::kDead, ParticipantState::kFree);
}

void Registry::Store(OwnerTag tag, ParticipantState state) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return;
  const std::uint32_t identity = IdentityWord(state, tag.generation());
  // Relaxed: it is only compared, to leave the line to its readers if nothing is to change.
  if (line->identity.load(std::memory_order_relaxed) == identity) return;
  // Release: as in Change and in Reserve.
  line->identity.store(identity, std::memory_order_release);
}

std::uint32_t Registry::NextSlot() const {
  // Relaxed: whom it is given to is decided in the line.
  return header_->next_slot.fetch_add(1, std::memory_order_relaxed) % capacity_;
}

absl::StatusOr<OwnerTag> Registry::Claim(Recover recover) const {
  if (liveness_ == nullptr) {
    return absl::FailedPreconditionError("claim a slot: this registry has no Liveness");
  }
  const std::uint32_t first = NextSlot();
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    const std::uint32_t slot = (first + i) % capacity_;
    // Who only looks does not get in the way of the child that joins.
    const std::uint32_t seen = lines_[slot].identity.load(std::memory_order_acquire);
    if (IsReservedIdentity(seen) && !IsUnjoinedGone(lines_[slot], seen)) continue;
    const absl::StatusOr<bool> is_mine = liveness_->TryHold(slot);
    if (!is_mine.ok()) return Annotate(is_mine.status(), "claim a slot");
    if (!*is_mine) continue;
    if (const std::optional<OwnerTag> tag = ClaimHeld(slot, recover)) {
      StoreProcess(*tag, ::getpid());
      return *tag;
    }
    liveness_->Release(slot);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("claim a slot: all ", capacity_, " of the registry are taken"));
}

// The caller holds the slot's lock, so nobody else claims it or joins with it; who finds its last
// holder dead may still mark that, and free it.
std::optional<OwnerTag> Registry::ClaimHeld(std::uint32_t slot, Recover recover) const {
  ParticipantLine& line = lines_[slot];
  for (;;) {
    // Acquire: pairs with the release in Free; what was recovered is recovered.
    std::uint32_t seen = line.identity.load(std::memory_order_acquire);
    const OwnerTag last(slot, GenerationIn(seen));
    switch (StateIn(seen)) {
      case ParticipantState::kFree: {
        const std::uint32_t next = NextGeneration(seen);
        // Before anybody can take it for what is told of this generation.
        line.ForgetProcess();
        line.ForgetReserver();
        if (!line.identity.compare_exchange_strong(
                seen, IdentityWord(ParticipantState::kLive, next) | kJoined,
                std::memory_order_acq_rel, std::memory_order_relaxed)) {
          break;
        }
        return OwnerTag(slot, next);
      }
      case ParticipantState::kLive:
        // Reserved by a parent that lives, for a child that has not joined.
        if (!(seen & kJoined) && !IsUnjoinedGone(line, seen)) return std::nullopt;
        MarkDead(last);
        break;
      case ParticipantState::kDead:
        if (!recover(last)) return std::nullopt;
        Free(last);
        break;
      default:
        // Damaged: nobody's. If this fails, it has changed.
        line.identity.compare_exchange_strong(
            seen, IdentityWord(ParticipantState::kDead, GenerationIn(seen)),
            std::memory_order_acq_rel, std::memory_order_relaxed);
    }
  }
}

void Registry::Leave(OwnerTag tag, Recover recover) const {
  if (!MarkDead(tag)) return;
  if (recover(tag)) Free(tag);
  if (liveness_ != nullptr) liveness_->Release(tag.slot());
}

bool Registry::IsUnjoinedGone(const ParticipantLine& line, std::uint32_t identity) const {
  const ProcessIdentity process = line.ProcessOf(GenerationIn(identity));
  if (process.pid != 0) return IsGone(process);
  const ProcessIdentity reserver = line.ReserverOf(GenerationIn(identity));
  if (liveness_ == nullptr) return IsGone(reserver);
  // Where its number means something, the process is asked for: it may have called exec, and a
  // child of a raw fork may have its lock.
  if (reserver.pid != 0 && reserver.pid_namespace == OwnPidNamespace()) return IsGone(reserver);
  const auto slot = static_cast<std::uint32_t>(&line - lines_);
  return !liveness_->IsReservationHeld(OwnerTag(slot, GenerationIn(identity)));
}

bool Registry::IsAlive(const ParticipantLine& line, std::uint32_t identity) const {
  const auto slot = static_cast<std::uint32_t>(&line - lines_);
  const bool is_held = liveness_ != nullptr && liveness_->IsHeld(slot);
  if (!(identity & kJoined)) return is_held || !IsUnjoinedGone(line, identity);
  // The process is asked for, too: a child of a raw fork may have its parent's lock.
  return is_held && !IsGone(line.ProcessOf(GenerationIn(identity)));
}

bool Registry::IsLive(OwnerTag tag) const {
  const ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return false;
  // Acquire: pairs with the release in MarkDead.
  const std::uint32_t identity = line->identity.load(std::memory_order_acquire);
  if (!IsLiveIdentity(identity, tag)) return false;
  return WasSeenAlive(line, identity, recheck_interval() / 2) || IsLiveNow(tag);
}

bool Registry::IsLiveNow(OwnerTag tag) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return false;
  // Acquire: pairs with the release in MarkDead.
  const std::uint32_t identity = line->identity.load(std::memory_order_acquire);
  if (!IsLiveIdentity(identity, tag)) return false;
  if (IsAlive(*line, identity)) {
    NoteSeenAlive(line, identity);
    return true;
  }
  // The memory may not be ours to write.
  if (liveness_ != nullptr && liveness_->is_read_only()) return false;
  // From what was looked at: it may have joined meanwhile.
  std::uint32_t seen = identity;
  if (line->identity.compare_exchange_strong(
          seen, IdentityWord(ParticipantState::kDead, tag.generation()), std::memory_order_acq_rel,
          std::memory_order_acquire)) {
    if (liveness_ != nullptr) liveness_->Tell(tag);
    return false;
  }
  return IsLiveIdentity(seen, tag);
}

std::optional<ParticipantRecord> Registry::Read(std::uint32_t slot) const {
  if (slot >= capacity_) return std::nullopt;
  return lines_[slot].Record(slot);
}

void Registry::PublishHeartbeat(OwnerTag tag, std::chrono::steady_clock::time_point now) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return;
  // Relaxed: the time says nothing about other memory.
  line->heartbeat_ns.store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count(),
      std::memory_order_relaxed);
}

absl::Duration Registry::recheck_interval() const {
  return liveness_ == nullptr ? absl::Seconds(1) : absl::Milliseconds(100);
}

}  // namespace muster::ipc
