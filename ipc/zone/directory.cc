#include "muster/ipc/zone/directory.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/lock_outcome.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kPageBytes = 4096;

// The same in every process and program. FNV-1a.
std::uint32_t HashOf(absl::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

absl::Status CheckName(absl::string_view name) {
  const bool is_printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!name.empty() && name.size() <= ZoneEntry::kMaxName && is_printable) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("zone object \"", name, "\": a name has 1 to ",
                                                 ZoneEntry::kMaxName,
                                                 " printable characters without spaces"));
}

template <typename T>
T ReadOnce(const T& field) {
  return *static_cast<const volatile T*>(&field);
}

absl::string_view EndOf(absl::string_view type) {
  return type.substr(type.size() - std::min(type.size(), ZoneEntry::kMaxType));
}

template <std::size_t kSize>
void Store(std::array<char, kSize>& field, absl::string_view text) {
  field.fill(0);
  std::memcpy(field.data(), text.data(), std::min(text.size(), kSize - 1));
}

template <std::size_t kSize>
std::string Load(const std::array<char, kSize>& field) {
  return std::string(field.data(), ::strnlen(field.data(), kSize));
}

absl::Status Differs(absl::string_view name, const char* what, const std::string& found,
                     const std::string& expected) {
  return absl::FailedPreconditionError(absl::StrCat("zone object \"", name, "\": its ", what,
                                                    " is ", found, ", this program expects ",
                                                    expected));
}

absl::Status CheckSame(const ObjectView& found, std::uint32_t type_hash, const ObjectSpec& spec) {
  if (found.kind != spec.kind) {
    return Differs(found.name, "kind", ToString(found.kind), ToString(spec.kind));
  }
  if (type_hash != HashOf(spec.type)) {
    return Differs(found.name, "type", absl::StrCat("\"", found.type, "\""),
                   absl::StrCat("\"", spec.type, "\""));
  }
  if (found.version != spec.version) {
    return Differs(found.name, "version", absl::StrCat(found.version), absl::StrCat(spec.version));
  }
  if (found.count != spec.count) {
    return Differs(found.name, "count", absl::StrCat(found.count), absl::StrCat(spec.count));
  }
  if (found.bytes != spec.bytes) {
    return Differs(found.name, "size in bytes", absl::StrCat(found.bytes),
                   absl::StrCat(spec.bytes));
  }
  return absl::OkStatus();
}

absl::Status Damaged(std::uint32_t index, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("zone: entry ", index, " is damaged: ", why));
}

}  // namespace

absl::StatusOr<ObjectState> Directory::StateAt(std::uint32_t index) const {
  if (index >= parts_.objects()) {
    return absl::OutOfRangeError(
        absl::StrCat("zone: entry ", index, ", there are ", parts_.objects()));
  }
  const ZoneEntry& entry = parts_.entries()[index];
  // Copies, each read once: what is checked is what is used.
  const std::uint64_t offset = ReadOnce(entry.offset);
  const std::uint64_t bytes = ReadOnce(entry.bytes);
  const auto kind = static_cast<ObjectKind>(ReadOnce(entry.kind));
  const std::uint32_t count = ReadOnce(entry.count);
  if (offset < ZoneParts::FrontBytes(parts_.sizes()) || offset % kCacheLineBytes != 0 ||
      offset > memory_->mapped_bytes() || bytes > memory_->mapped_bytes() - offset) {
    return Damaged(index, "its state is outside of the zone");
  }
  // Relaxed: whatever was known once is true.
  if (offset + bytes > known_bytes_.load(std::memory_order_relaxed)) {
    // Another process has let the zone grow.
    const std::size_t known = memory_->FileBytes();
    known_bytes_.store(known, std::memory_order_relaxed);
    if (offset + bytes > known) return Damaged(index, "its state is behind the zone's end");
  }
  if (bytes < StateBytes(kind, count)) {
    return Damaged(index, absl::StrCat("a ", ToString(kind), " is larger than ", bytes, " bytes"));
  }
  return ObjectState{kind, count, static_cast<std::size_t>(bytes), parts_.data() + offset};
}

absl::StatusOr<ObjectView> Directory::At(std::uint32_t index) const {
  MUSTER_ASSIGN_OR_RETURN(const ObjectState state, StateAt(index));
  const ZoneEntry& entry = parts_.entries()[index];
  return ObjectView{.index = index,
                    .name = Load(entry.name),
                    .kind = state.kind,
                    .type = Load(entry.type),
                    .version = entry.version,
                    .count = state.count,
                    .bytes = state.bytes,
                    .state = state.state};
}

absl::StatusOr<ObjectView> Directory::Lookup(absl::string_view name) const {
  const auto buckets = parts_.buckets();
  // Acquire: pairs with the release in Link.
  std::uint32_t next = buckets[HashOf(name) % buckets.size()].load(std::memory_order_acquire);
  // Damaged lists may be circles.
  for (std::uint32_t steps = parts_.sizes().max_objects; next != 0 && steps > 0; --steps) {
    const std::uint32_t index = next - 1;
    if (index >= parts_.sizes().max_objects) return Damaged(index, "there is no such entry");
    const ZoneEntry& entry = parts_.entries()[index];
    if (Load(entry.name) == name) return At(index);
    next = entry.next;
  }
  return absl::NotFoundError(absl::StrCat("zone object \"", name, "\": there is none"));
}

absl::StatusOr<ObjectView> Directory::Find(absl::string_view name, const ObjectSpec& spec) const {
  MUSTER_RETURN_IF_ERROR(CheckName(name));
  MUSTER_ASSIGN_OR_RETURN(ObjectView found, Lookup(name));
  MUSTER_RETURN_IF_ERROR(CheckSame(found, parts_.entries()[found.index].type_hash, spec));
  return found;
}

absl::StatusOr<ObjectView> Directory::FindOrAdd(absl::string_view name, const ObjectSpec& spec,
                                                absl::FunctionRef<void(void* state)> initialise,
                                                Mutex& mutex) {
  absl::StatusOr<ObjectView> found = Find(name, spec);
  if (!absl::IsNotFound(found.status())) return found;
  const LockOutcome outcome = Lock(mutex);
  if (!Holds(outcome)) {
    return absl::DataLossError(
        absl::StrCat("zone: the mutex of its directory: ", ToString(outcome)));
  }
  if (outcome == LockOutcome::kOwnerDied) {
    FinishLast();
    mutex.MarkConsistent();
  }
  // Another one may have been faster.
  found = Find(name, spec);
  if (absl::IsNotFound(found.status())) found = Add(name, spec, initialise);
  mutex.Unlock();
  return found;
}

// What the mutex guards can always be finished, so nothing that a peer wrote into it is final.
LockOutcome Directory::Lock(Mutex& mutex) const {
  const LockOutcome outcome = mutex.Lock();
  if (outcome != LockOutcome::kNotRecoverable) return outcome;
  parts_.header().directory_mutex.Reset();
  return mutex.Lock();
}

absl::StatusOr<std::size_t> Directory::EndOfLast() const {
  const std::uint32_t count = parts_.objects();
  if (count == 0) return ZoneParts::FrontBytes(parts_.sizes());
  MUSTER_ASSIGN_OR_RETURN(const ObjectView last, At(count - 1));
  return static_cast<std::size_t>(last.state - parts_.data()) + last.bytes;
}

absl::StatusOr<ObjectView> Directory::Add(absl::string_view name, const ObjectSpec& spec,
                                          absl::FunctionRef<void(void* state)> initialise) {
  const ZoneSizes& sizes = parts_.sizes();
  const std::uint32_t index = parts_.objects();
  if (index == sizes.max_objects) {
    return absl::ResourceExhaustedError(absl::StrCat("zone object \"", name, "\": the zone has ",
                                                     sizes.max_objects, " objects, its most"));
  }
  MUSTER_ASSIGN_OR_RETURN(const std::size_t used, EndOfLast());
  const std::size_t alignment = std::max(spec.alignment, kCacheLineBytes);
  const std::size_t offset = (used + alignment - 1) / alignment * alignment;
  if (offset > sizes.max_bytes || spec.bytes > sizes.max_bytes - offset) {
    return absl::ResourceExhaustedError(
        absl::StrCat("zone object \"", name, "\" of ", spec.bytes, " bytes: of the zone's most of ",
                     sizes.max_bytes, " bytes, ", used, " are used"));
  }
  const std::size_t end = offset + spec.bytes;
  if (const std::size_t size_bytes = memory_->FileBytes(); end > size_bytes) {
    // Doubled, for each growth is a system call, and all of it is allocated.
    const std::size_t wanted = std::min(std::max(end, 2 * size_bytes), sizes.max_bytes);
    if (!memory_->Grow(wanted / kPageBytes * kPageBytes).ok() || memory_->size_bytes() < end) {
      MUSTER_RETURN_IF_ERROR(memory_->Grow(
          std::min((end + kPageBytes - 1) / kPageBytes * kPageBytes, memory_->mapped_bytes())));
    }
  }
  // One that died here may have written something.
  std::atomic<std::uint64_t>& touched = parts_.header().touched_bytes;
  const std::uint64_t touched_before = touched.load(std::memory_order_relaxed);
  if (touched_before > offset) {
    std::memset(parts_.data() + offset, 0, std::min<std::uint64_t>(touched_before, end) - offset);
  }
  if (touched_before < end) touched.store(end, std::memory_order_relaxed);
  // A death is no other thread: the compiler alone could put a write before the mark.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  initialise(parts_.data() + offset);
  ZoneEntry& entry = parts_.entries()[index];
  Store(entry.name, name);
  Store(entry.type, EndOf(spec.type));
  entry.offset = offset;
  entry.bytes = spec.bytes;
  entry.kind = static_cast<std::uint32_t>(spec.kind);
  entry.version = spec.version;
  entry.count = spec.count;
  entry.type_hash = HashOf(spec.type);
  // Release: who counts it sees all of it.
  parts_.header().objects.store(index + 1, std::memory_order_release);
  Link(index);
  return At(index);
}

void Directory::Link(std::uint32_t index) const {
  ZoneEntry& entry = parts_.entries()[index];
  const auto buckets = parts_.buckets();
  auto& bucket = buckets[HashOf(Load(entry.name)) % buckets.size()];
  entry.next = bucket.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in Lookup.
  bucket.store(index + 1, std::memory_order_release);
}

// Who died between counting the last entry and linking it did not link it.
void Directory::FinishLast() const {
  const std::uint32_t count = parts_.objects();
  if (count == 0) return;
  const absl::Status found = Lookup(Load(parts_.entries()[count - 1].name)).status();
  if (absl::IsNotFound(found)) Link(count - 1);
}

}  // namespace muster::ipc
