#include "muster/ipc/lock/registry.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <climits>
#include <new>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/process_identity.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/seen_alive.h"

namespace muster::ipc {

using internal::NoteSeenAlive;
using internal::WasSeenAlive;

// State and generation are one word, so that each step of a participant's life is
// one compare-and-set: whoever makes it may die before or after, never within.
struct alignas(kCacheLineBytes) ParticipantLine {
  // 31..30 ParticipantState, 29 has joined, 17..0 generation. Written by the parent; without one
  // by who holds the slot's lock in the Liveness, and by any who finds its holder dead.
  std::atomic<std::uint32_t> identity;
  // Which process, by the parent or the participant. Only what has the generation's mark is told.
  std::atomic<std::int32_t> pid;
  std::atomic<std::uint64_t> start_time_ticks;
  std::atomic<std::int64_t> heartbeat_ns;  // by the participant
  std::atomic<std::uint64_t> pid_namespace;
  std::atomic<std::uint32_t> process_mark;  // the generation plus 1; stored after the process
  // The process that reserved the slot, by itself: until the participant has joined it stands for
  // it. `reserver_mark` is as `process_mark`.
  std::atomic<std::uint32_t> reserver_mark;
  std::atomic<std::uint64_t> reserver_start_time_ticks;
  std::atomic<std::uint64_t> reserver_pid_namespace;
  std::atomic<std::int32_t> reserver_pid;
};

struct alignas(kCacheLineBytes) RegistryHeader {
  std::atomic<std::uint64_t> magic;  // stored last by Create; nobody writes after that
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> capacity;
  std::atomic<std::uint32_t> mode;             // RegistryMode
  std::atomic<std::uint32_t> generation_bits;  // 0: as many as a tag has
  std::atomic<std::uint64_t> inode;            // of the segment's file, for kBound
  std::atomic<std::uint32_t> next_slot;        // by who claims; any value will do
};

namespace {

enum RegistryMode : std::uint32_t {
  kParented = 0,
  kBound = 1,  // participants hold locks in a Liveness
};

static_assert(sizeof(ParticipantLine) == 128 && std::is_standard_layout_v<ParticipantLine>);
static_assert(offsetof(ParticipantLine, pid) == 4);
static_assert(offsetof(ParticipantLine, start_time_ticks) == 8);
static_assert(offsetof(ParticipantLine, heartbeat_ns) == 16);
static_assert(offsetof(ParticipantLine, pid_namespace) == 24);
static_assert(offsetof(ParticipantLine, process_mark) == 32);
static_assert(offsetof(ParticipantLine, reserver_mark) == 36);
static_assert(offsetof(ParticipantLine, reserver_pid) == 56);
static_assert(sizeof(RegistryHeader) == 128 && std::is_standard_layout_v<RegistryHeader>);
static_assert(offsetof(RegistryHeader, version) == 8 && offsetof(RegistryHeader, capacity) == 12);
static_assert(offsetof(RegistryHeader, mode) == 16 && offsetof(RegistryHeader, next_slot) == 32);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr std::uint64_t kMagic = 0x7972747369676572;  // "registry" in memory
constexpr std::uint32_t kVersion = 1;
constexpr int kStateShift = 30;
constexpr std::uint32_t kJoined = 1u << 29;

constexpr std::uint32_t Identity(ParticipantState state, std::uint32_t generation) {
  return static_cast<std::uint32_t>(state) << kStateShift | generation;
}
constexpr ParticipantState StateIn(std::uint32_t identity) {
  return static_cast<ParticipantState>(identity >> kStateShift);
}
constexpr std::uint32_t GenerationIn(std::uint32_t identity) {
  return identity & OwnerTag::kGenerationMask;
}
constexpr std::uint32_t MarkOf(std::uint32_t generation) { return generation + 1; }
constexpr bool IsLiveIdentity(std::uint32_t identity, OwnerTag tag) {
  return (identity & ~kJoined) == Identity(ParticipantState::kLive, tag.generation());
}

constexpr std::uint32_t ReservedIdentity(OwnerTag tag) {
  return Identity(ParticipantState::kLive, tag.generation());
}
constexpr bool IsReservedIdentity(std::uint32_t identity) {
  return StateIn(identity) == ParticipantState::kLive && !(identity & kJoined);
}

// Others have a slot's lock for as long as they look at the slot. Only one that was stopped then
// has it longer.
constexpr absl::Duration kLook = absl::Microseconds(50);
constexpr absl::Duration kLongestLook = absl::Seconds(1);

void ForgetProcess(ParticipantLine& line) { line.process_mark.store(0, std::memory_order_relaxed); }

// Nobody's: it is not of this generation.
ProcessIdentity ProcessIn(const ParticipantLine& line, std::uint32_t generation) {
  // Acquire: pairs with the release in SetProcess.
  if (line.process_mark.load(std::memory_order_acquire) != MarkOf(generation)) return {};
  return {.pid = line.pid.load(std::memory_order_acquire),
          .start_time_ticks = line.start_time_ticks.load(std::memory_order_relaxed),
          .pid_namespace = line.pid_namespace.load(std::memory_order_relaxed)};
}

ProcessIdentity ReserverIn(const ParticipantLine& line, std::uint32_t generation) {
  // Acquire: pairs with the release in Reserve.
  if (line.reserver_mark.load(std::memory_order_acquire) != MarkOf(generation)) return {};
  return {
      .pid = line.reserver_pid.load(std::memory_order_relaxed),
      .start_time_ticks = line.reserver_start_time_ticks.load(std::memory_order_relaxed),
      .pid_namespace = line.reserver_pid_namespace.load(std::memory_order_relaxed),
  };
}

absl::Status CheckMemory(const void* memory, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(memory) % kCacheLineBytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry: its memory is not aligned to ", kCacheLineBytes, " bytes"));
  }
  if (bytes < sizeof(RegistryHeader)) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry: ", bytes, " bytes do not hold its header"));
  }
  return absl::OkStatus();
}

absl::Status CheckGenerationBits(int bits) {
  if (bits >= 1 && bits <= OwnerTag::kGenerationBits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "registry: generations of ", bits, " bits are not within 1..", OwnerTag::kGenerationBits));
}

absl::Status CheckCapacity(std::uint32_t capacity, std::size_t bytes) {
  if (capacity < 1 || capacity > OwnerTag::kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("registry: a capacity of ", capacity,
                                                   " is not within 1..", OwnerTag::kMaxSlots));
  }
  if (Registry::BytesFor(capacity) > bytes) {
    return absl::InvalidArgumentError(absl::StrCat("registry: a capacity of ", capacity, " needs ",
                                                   Registry::BytesFor(capacity),
                                                   " bytes, there are ", bytes));
  }
  return absl::OkStatus();
}

ParticipantLine* LinesIn(void* memory) {
  return reinterpret_cast<ParticipantLine*>(static_cast<char*>(memory) + sizeof(RegistryHeader));
}

}  // namespace

std::size_t Registry::BytesFor(std::uint32_t capacity) {
  return sizeof(RegistryHeader) + std::size_t{capacity} * sizeof(ParticipantLine);
}

absl::StatusOr<Registry> Registry::Create(void* memory, std::size_t bytes, std::uint32_t capacity,
                                          const Liveness* liveness, int generation_bits) {
  MUSTER_RETURN_IF_ERROR(CheckMemory(memory, bytes));
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity, bytes));
  MUSTER_RETURN_IF_ERROR(CheckGenerationBits(generation_bits));
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
  MUSTER_RETURN_IF_ERROR(CheckMemory(memory, bytes));
  auto* header = static_cast<RegistryHeader*>(memory);
  // Acquire: pairs with the release in StoreHeader.
  const std::uint64_t magic = header->magic.load(std::memory_order_acquire);
  const std::uint32_t version = header->version.load(std::memory_order_relaxed);
  const std::uint32_t capacity = header->capacity.load(std::memory_order_relaxed);
  const std::uint32_t mode = header->mode.load(std::memory_order_relaxed);
  const std::uint32_t stored_bits = header->generation_bits.load(std::memory_order_relaxed);
  const std::uint64_t inode = header->inode.load(std::memory_order_relaxed);
  if (magic != kMagic) {
    return absl::DataLossError(absl::StrCat("registry: wrong magic 0x", absl::Hex(magic)));
  }
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("registry: layout version ", version, ", this program has ", kVersion));
  }
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity, bytes));
  if (mode != kParented && mode != kBound) {
    return absl::DataLossError(absl::StrCat("registry: unknown mode ", mode));
  }
  const int generation_bits = stored_bits == 0
                                  ? OwnerTag::kGenerationBits
                                  : static_cast<int>(std::min(stored_bits, std::uint32_t{INT_MAX}));
  MUSTER_RETURN_IF_ERROR(CheckGenerationBits(generation_bits));
  if (mode == kBound && liveness == nullptr) {
    return absl::FailedPreconditionError(
        "registry: its participants hold locks on the segment; attach it with a Liveness");
  }
  if (mode == kParented && liveness != nullptr) {
    return absl::FailedPreconditionError(
        "registry: it was created without a Liveness, so nobody holds a lock on the segment");
  }
  if (mode == kBound && inode != liveness->inode()) {
    return absl::InvalidArgumentError(absl::StrCat("registry: it is in the file with inode ", inode,
                                                   ", the Liveness is bound to inode ",
                                                   liveness->inode()));
  }
  return Registry(header, LinesIn(memory), capacity, generation_bits, liveness);
}

void Registry::StoreHeader() const {
  const auto bits = static_cast<std::uint32_t>(std::popcount(generation_mask_));
  header_->version.store(kVersion, std::memory_order_relaxed);
  header_->capacity.store(capacity_, std::memory_order_relaxed);
  header_->mode.store(liveness_ == nullptr ? kParented : kBound, std::memory_order_relaxed);
  header_->generation_bits.store(bits == OwnerTag::kGenerationBits ? 0 : bits,
                                 std::memory_order_relaxed);
  header_->inode.store(liveness_ == nullptr ? 0 : liveness_->inode(), std::memory_order_relaxed);
  // Release: who sees the magic (Attach, acquire) sees the rest.
  header_->magic.store(kMagic, std::memory_order_release);
}

ParticipantLine* Registry::LineOf(OwnerTag tag) const {
  return tag.slot() < capacity_ ? &lines_[tag.slot()] : nullptr;
}

std::uint32_t Registry::NextGeneration(std::uint32_t identity) const {
  return (GenerationIn(identity) + 1) & generation_mask_;
}

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
  // Acquire: pairs with the release in Free; what was recovered is recovered.
  std::uint32_t seen = line.identity.load(std::memory_order_acquire);
  const std::uint32_t next = NextGeneration(seen);
  // What the line tells of an earlier process would come true again when the generations come
  // round: with the slot's lock it goes before anybody can read it. Without it, nothing is written
  // before the slot is ours: another may be reserving it.
  if (StateIn(seen) == ParticipantState::kFree && liveness_ != nullptr) {
    // Before anybody can ask for it.
    const absl::StatusOr<bool> is_mine = liveness_->TryHoldReservation(OwnerTag(slot, next));
    if (!is_mine.ok()) return Annotate(is_mine.status(), absl::StrCat("reserve slot ", slot));
    if (!*is_mine) {
      return absl::FailedPreconditionError(
          absl::StrCat("reserve slot ", slot, ": its generation ", next, " is held"));
    }
    ForgetProcess(line);
  }
  if (StateIn(seen) != ParticipantState::kFree ||
      !line.identity.compare_exchange_strong(seen, Identity(ParticipantState::kLive, next),
                                             std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) {
    if (liveness_ != nullptr) liveness_->ReleaseReservation(OwnerTag(slot, next));
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, ": it is not free"));
  }
  if (liveness_ == nullptr) ForgetProcess(line);
  const ProcessIdentity self = IdentityOf(::getpid());
  line.reserver_pid.store(self.pid, std::memory_order_relaxed);
  line.reserver_start_time_ticks.store(self.start_time_ticks, std::memory_order_relaxed);
  line.reserver_pid_namespace.store(self.pid_namespace, std::memory_order_relaxed);
  // Release: pairs with the acquire in ReserverIn.
  line.reserver_mark.store(MarkOf(next), std::memory_order_release);
  return OwnerTag(slot, next);
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
  ParticipantLine* line = LineOf(tag);
  const std::uint32_t mark = MarkOf(tag.generation());
  // The heartbeat of the process before. Who has joined has set the mark, and then its heartbeat.
  if (line->process_mark.load(std::memory_order_relaxed) != mark) {
    line->heartbeat_ns.store(0, std::memory_order_relaxed);
  }
  const ProcessIdentity process = IdentityOf(pid);
  line->start_time_ticks.store(process.start_time_ticks, std::memory_order_relaxed);
  line->pid_namespace.store(process.pid_namespace, std::memory_order_relaxed);
  // Release, both: who sees the pid, or the mark, sees the rest.
  line->pid.store(process.pid, std::memory_order_release);
  line->process_mark.store(mark, std::memory_order_release);
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

bool Registry::Change(OwnerTag tag, ParticipantState from, ParticipantState to) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return false;
  std::uint32_t seen = line->identity.load(std::memory_order_relaxed);
  do {
    if ((seen & ~kJoined) != Identity(from, tag.generation())) return false;
    // Release: pairs with the acquire in IsLive and Reserve. Who sees a participant
    // dead sees what it wrote before the caller learnt of its death. Acquire: the
    // step before this one was maybe another process's.
  } while (!line->identity.compare_exchange_weak(
      seen, Identity(to, tag.generation()), std::memory_order_acq_rel, std::memory_order_relaxed));
  return true;
}

bool Registry::Withdraw(OwnerTag tag) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr || ProcessIn(*line, tag.generation()).pid != 0) return false;
  const ProcessIdentity reserver = ReserverIn(*line, tag.generation());
  if (reserver.pid != ::getpid() || reserver.pid_namespace != OwnPidNamespace()) return false;
  // Not if it has joined meanwhile.
  std::uint32_t unjoined = Identity(ParticipantState::kLive, tag.generation());
  if (!line->identity.compare_exchange_strong(
          unjoined, Identity(ParticipantState::kDead, tag.generation()), std::memory_order_acq_rel,
          std::memory_order_relaxed)) {
    return false;
  }
  if (liveness_ != nullptr) liveness_->ReleaseReservation(tag);
  return true;
}

bool Registry::MarkDead(OwnerTag tag) const {
  return Change(tag, ParticipantState::kLive, ParticipantState::kDead);
}

bool Registry::Free(OwnerTag tag) const {
  return Change(tag, ParticipantState::kDead, ParticipantState::kFree);
}

void Registry::Store(OwnerTag tag, ParticipantState state) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return;
  const std::uint32_t identity = Identity(state, tag.generation());
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
        ForgetProcess(line);
        line.reserver_mark.store(0, std::memory_order_relaxed);
        if (!line.identity.compare_exchange_strong(
                seen, Identity(ParticipantState::kLive, next) | kJoined, std::memory_order_acq_rel,
                std::memory_order_relaxed)) {
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
        line.identity.compare_exchange_strong(seen,
                                              Identity(ParticipantState::kDead, GenerationIn(seen)),
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
  const ProcessIdentity process = ProcessIn(line, GenerationIn(identity));
  if (process.pid != 0) return IsGone(process);
  const ProcessIdentity reserver = ReserverIn(line, GenerationIn(identity));
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
  return is_held && !IsGone(ProcessIn(line, GenerationIn(identity)));
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
          seen, Identity(ParticipantState::kDead, tag.generation()), std::memory_order_acq_rel,
          std::memory_order_acquire)) {
    if (liveness_ != nullptr) liveness_->Tell(tag);
    return false;
  }
  return IsLiveIdentity(seen, tag);
}

std::optional<ParticipantRecord> Registry::Read(std::uint32_t slot) const {
  if (slot >= capacity_) return std::nullopt;
  const ParticipantLine& line = lines_[slot];
  // Acquire: pairs with the release in Reserve.
  const std::uint32_t identity = line.identity.load(std::memory_order_acquire);
  const ProcessIdentity process = ProcessIn(line, GenerationIn(identity));
  return ParticipantRecord{
      .state = StateIn(identity),
      .tag = OwnerTag(slot, GenerationIn(identity)),
      .pid = process.pid,
      .start_time_ticks = process.start_time_ticks,
      .pid_namespace = process.pid_namespace,
      .has_joined = (identity & kJoined) != 0,
      .heartbeat = std::chrono::steady_clock::time_point(
          std::chrono::nanoseconds(line.heartbeat_ns.load(std::memory_order_relaxed))),
  };
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
