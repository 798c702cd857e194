#include "muster/ipc/lock/registry.h"

#include <unistd.h>

#include <atomic>
#include <new>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/start_time.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {

// State and generation are one word, so that each step of a participant's life is
// one compare-and-set: whoever makes it may die before or after, never within.
struct alignas(kCacheLineBytes) ParticipantLine {
  // 31..30 ParticipantState, 17..0 generation. Written by the parent; without one
  // by who holds the slot's byte of the LivenessFile, and by any who finds it dead.
  std::atomic<std::uint32_t> identity;
  std::atomic<std::int32_t> pid;                // by the parent or the participant
  std::atomic<std::uint64_t> start_time_ticks;  // by the parent or the participant
  std::atomic<std::int64_t> heartbeat_ns;       // by the participant
};

namespace {

struct alignas(kCacheLineBytes) RegistryHeader {
  std::atomic<std::uint64_t> magic;  // stored last by Create; nobody writes after that
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> capacity;
};

static_assert(sizeof(ParticipantLine) == 128 && std::is_standard_layout_v<ParticipantLine>);
static_assert(offsetof(ParticipantLine, pid) == 4);
static_assert(offsetof(ParticipantLine, start_time_ticks) == 8);
static_assert(offsetof(ParticipantLine, heartbeat_ns) == 16);
static_assert(sizeof(RegistryHeader) == 128 && std::is_standard_layout_v<RegistryHeader>);
static_assert(offsetof(RegistryHeader, version) == 8 && offsetof(RegistryHeader, capacity) == 12);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr std::uint64_t kMagic = 0x7972747369676572;  // "registry" in memory
constexpr std::uint32_t kVersion = 1;
constexpr int kStateShift = 30;

constexpr std::uint32_t Identity(ParticipantState state, std::uint32_t generation) {
  return static_cast<std::uint32_t>(state) << kStateShift | generation;
}
constexpr ParticipantState StateIn(std::uint32_t identity) {
  return static_cast<ParticipantState>(identity >> kStateShift);
}
constexpr std::uint32_t GenerationIn(std::uint32_t identity) {
  return identity & OwnerTag::kGenerationMask;
}
constexpr std::uint32_t NextGeneration(std::uint32_t identity) {
  return (identity + 1) & OwnerTag::kGenerationMask;
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
                                          const LivenessFile* liveness) {
  MUSTER_RETURN_IF_ERROR(CheckMemory(memory, bytes));
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity, bytes));
  auto* header = new (memory) RegistryHeader{};
  for (std::uint32_t slot = 0; slot < capacity; ++slot) {
    new (LinesIn(memory) + slot) ParticipantLine{};
  }
  header->version.store(kVersion, std::memory_order_relaxed);
  header->capacity.store(capacity, std::memory_order_relaxed);
  // Release: who sees the magic (Attach, acquire) sees the rest.
  header->magic.store(kMagic, std::memory_order_release);
  return Registry(LinesIn(memory), capacity, liveness);
}

absl::StatusOr<Registry> Registry::Attach(void* memory, std::size_t bytes,
                                          const LivenessFile* liveness) {
  MUSTER_RETURN_IF_ERROR(CheckMemory(memory, bytes));
  auto* header = static_cast<RegistryHeader*>(memory);
  // Acquire: pairs with the release in Create.
  const std::uint64_t magic = header->magic.load(std::memory_order_acquire);
  const std::uint32_t version = header->version.load(std::memory_order_relaxed);
  const std::uint32_t capacity = header->capacity.load(std::memory_order_relaxed);
  if (magic != kMagic) {
    return absl::DataLossError(absl::StrCat("registry: wrong magic 0x", absl::Hex(magic)));
  }
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("registry: layout version ", version, ", this program has ", kVersion));
  }
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity, bytes));
  return Registry(LinesIn(memory), capacity, liveness);
}

ParticipantLine* Registry::LineOf(OwnerTag tag) const {
  return tag.slot() < capacity_ ? &lines_[tag.slot()] : nullptr;
}

absl::StatusOr<OwnerTag> Registry::Reserve(std::uint32_t slot) const {
  if (slot >= capacity_) {
    return absl::OutOfRangeError(
        absl::StrCat("reserve slot ", slot, ": the registry has ", capacity_));
  }
  ParticipantLine& line = lines_[slot];
  // Acquire: pairs with the release in Free; what was recovered is recovered.
  std::uint32_t seen = line.identity.load(std::memory_order_acquire);
  const std::uint32_t next = NextGeneration(seen);
  // Clear before the slot is anybody's: a reader of the new generation must not
  // take the old process for it.
  if (StateIn(seen) == ParticipantState::kFree) {
    line.pid.store(0, std::memory_order_relaxed);
    line.start_time_ticks.store(0, std::memory_order_relaxed);
    line.heartbeat_ns.store(0, std::memory_order_relaxed);
  }
  // Release: the line's other fields are clear for who sees the new generation.
  if (StateIn(seen) != ParticipantState::kFree ||
      !line.identity.compare_exchange_strong(seen, Identity(ParticipantState::kLive, next),
                                             std::memory_order_release,
                                             std::memory_order_relaxed)) {
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, ": it is not free"));
  }
  return OwnerTag(slot, next);
}

void Registry::SetProcess(OwnerTag tag, pid_t pid) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return;
  line->start_time_ticks.store(pid == 0 ? 0 : StartTimeTicks(pid), std::memory_order_relaxed);
  // Release: who sees the pid (Read, acquire) sees its start time.
  line->pid.store(pid, std::memory_order_release);
}

absl::Status Registry::Join(OwnerTag tag) const {
  if (!IsLive(tag)) {
    return absl::FailedPreconditionError(absl::StrCat("join slot ", tag.slot(), ": generation ",
                                                      tag.generation(), " is not reserved"));
  }
  SetProcess(tag, ::getpid());
  return absl::OkStatus();
}

bool Registry::Change(OwnerTag tag, ParticipantState from, ParticipantState to) const {
  ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return false;
  std::uint32_t seen = Identity(from, tag.generation());
  // Release: pairs with the acquire in IsLive and Reserve. Who sees a participant
  // dead sees what it wrote before the caller learnt of its death. Acquire: the
  // step before this one was maybe another process's.
  return line->identity.compare_exchange_strong(
      seen, Identity(to, tag.generation()), std::memory_order_acq_rel, std::memory_order_relaxed);
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

void Registry::StoreHeader() const {
  auto* header = reinterpret_cast<RegistryHeader*>(reinterpret_cast<char*>(lines_)) - 1;
  header->version.store(kVersion, std::memory_order_relaxed);
  header->capacity.store(capacity_, std::memory_order_relaxed);
  // Release: as in Create.
  header->magic.store(kMagic, std::memory_order_release);
}

absl::StatusOr<OwnerTag> Registry::Claim() const {
  if (liveness_ == nullptr) {
    return absl::FailedPreconditionError("claim a slot: this registry has no liveness file");
  }
  for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
    ParticipantLine& line = lines_[slot];
    // Before TryHold: another thread of this process may pass that as well as
    // this one, then only one of the two finds the identity unchanged.
    std::uint32_t seen = line.identity.load(std::memory_order_acquire);
    if (!liveness_->TryHold(slot)) continue;
    const std::uint32_t next = NextGeneration(seen);
    // Nothing is recovered here: locks that hold the earlier generation's tag
    // name somebody dead, and who waits for them finds that out.
    if (line.identity.compare_exchange_strong(seen, Identity(ParticipantState::kLive, next),
                                              std::memory_order_acq_rel,
                                              std::memory_order_relaxed)) {
      line.heartbeat_ns.store(0, std::memory_order_relaxed);
      const OwnerTag tag(slot, next);
      SetProcess(tag, ::getpid());
      return tag;
    }
  }
  return absl::ResourceExhaustedError(absl::StrCat("claim a slot: all ", capacity_, " are taken"));
}

void Registry::Leave(OwnerTag tag) const {
  if (Change(tag, ParticipantState::kLive, ParticipantState::kFree) && liveness_ != nullptr) {
    liveness_->Release(tag.slot());
  }
}

bool Registry::IsLive(OwnerTag tag) const {
  const ParticipantLine* line = LineOf(tag);
  if (line == nullptr) return false;
  // Acquire: pairs with the release in MarkDead.
  const std::uint32_t identity = line->identity.load(std::memory_order_acquire);
  if (identity != Identity(ParticipantState::kLive, tag.generation())) return false;
  if (liveness_ == nullptr || liveness_->IsHeld(tag.slot())) return true;
  MarkDead(tag);
  return false;
}

std::optional<ParticipantRecord> Registry::Read(std::uint32_t slot) const {
  if (slot >= capacity_) return std::nullopt;
  const ParticipantLine& line = lines_[slot];
  // Acquire: pairs with the release in Reserve.
  const std::uint32_t identity = line.identity.load(std::memory_order_acquire);
  ParticipantRecord record;
  record.state = StateIn(identity);
  record.tag = OwnerTag(slot, GenerationIn(identity));
  // Acquire: pairs with the release in SetProcess.
  record.pid = line.pid.load(std::memory_order_acquire);
  record.start_time_ticks = line.start_time_ticks.load(std::memory_order_relaxed);
  record.heartbeat = std::chrono::steady_clock::time_point(
      std::chrono::nanoseconds(line.heartbeat_ns.load(std::memory_order_relaxed)));
  return record;
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
