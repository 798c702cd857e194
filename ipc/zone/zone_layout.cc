#include "muster/ipc/zone/zone_layout.h"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <new>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_header.h"

namespace muster::ipc {
namespace {

constexpr std::uint64_t kMagic = 0x656e6f7a2d637069;  // "ipc-zone" in memory
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMostObjects = 1u << 24;
constexpr std::size_t kPageBytes = 4096;

constexpr std::uint64_t kAbi =
    AbiHash({sizeof(ZoneHeader), offsetof(ZoneHeader, directory_mutex),
             offsetof(ZoneHeader, objects), sizeof(ZoneEntry), offsetof(ZoneEntry, offset),
             sizeof(MutexState), alignof(std::max_align_t)});

std::size_t RoundUp(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

std::uint32_t BucketCount(const ZoneSizes& sizes) {
  return std::bit_ceil(std::max(sizes.max_objects, 1u));
}

std::size_t OpenedWords(const ZoneSizes& sizes) {
  // A participant's words share no cache line with another's.
  return RoundUp((sizes.max_objects + 63) / 64, kCacheLineBytes / 8);
}

}  // namespace

absl::Status ZoneSizes::Check() const {
  if (max_participants < 1 || max_participants > OwnerTag::kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("zone: max_participants of ", max_participants,
                                                   " is not within 1..", OwnerTag::kMaxSlots));
  }
  if (max_objects < 1 || max_objects > kMostObjects) {
    return absl::InvalidArgumentError(
        absl::StrCat("zone: max_objects of ", max_objects, " is not within 1..", kMostObjects));
  }
  constexpr std::size_t kMostBytes = std::size_t{1} << 46;
  const std::size_t least = ZoneParts::FrontBytes(*this);
  if (max_bytes < least || max_bytes > kMostBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("zone: max_bytes of ", max_bytes, " is not within ", least, "..", kMostBytes));
  }
  return absl::OkStatus();
}

ZoneParts::ZoneParts(std::byte* data, const ZoneSizes& sizes)
    : data_(data),
      sizes_(sizes),
      buckets_offset_(sizeof(ZoneHeader) + Registry::BytesFor(sizes.max_participants)),
      opened_offset_(
          RoundUp(buckets_offset_ + BucketCount(sizes) * sizeof(std::uint32_t), kCacheLineBytes)),
      entries_offset_(opened_offset_ + sizes.max_participants * OpenedWords(sizes) * 8) {}

std::size_t ZoneParts::FrontBytes(const ZoneSizes& sizes) {
  const ZoneParts parts(nullptr, sizes);
  return RoundUp(parts.entries_offset_ + sizes.max_objects * sizeof(ZoneEntry), kPageBytes);
}

absl::StatusOr<ZoneParts> ZoneParts::Create(const SharedMemory& memory, const ZoneSizes& sizes) {
  std::uint64_t instance_id = 0;
  if (::getrandom(&instance_id, sizeof instance_id, 0) != sizeof instance_id) {
    return ErrnoStatus("getrandom");
  }
  // The rest is zero, which is right: no entries, nothing opened, the mutex is free.
  auto* const header = new (memory.data()) ZoneHeader();
  header->touched_bytes.store(FrontBytes(sizes), std::memory_order_relaxed);
  const ZoneParts parts(memory.data(), sizes);
  parts.StoreHeader(instance_id);
  return parts;
}

void ZoneParts::StoreHeader(std::uint64_t instance_id) const {
  ZoneHeader& header = this->header();
  header.magic = kMagic;
  header.version = kVersion;
  header.abi_hash = kAbi;
  header.instance_id = instance_id;
  header.max_bytes = sizes_.max_bytes;
  header.max_participants = sizes_.max_participants;
  header.max_objects = sizes_.max_objects;
}

void ZoneParts::Publish() const {
  // Release: pairs with the acquire in CheckHeader.
  header().state.store(ZoneHeader::kReady, std::memory_order_release);
}

void ZoneParts::Restore(std::uint64_t instance_id) const {
  StoreHeader(instance_id);
  Publish();
}

absl::StatusOr<ZoneSizes> ZoneParts::CheckHeader(const SharedMemory& memory) {
  const auto differs = [](const char* field, auto found, auto expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("zone: its ", field, " is ", found, ", this program expects ", expected));
  };
  if (memory.size_bytes() < sizeof(ZoneHeader)) {
    return differs("size in bytes", memory.size_bytes(),
                   absl::StrCat(sizeof(ZoneHeader), " at least"));
  }
  const auto& header = *reinterpret_cast<const ZoneHeader*>(memory.data());
  // The magic first: what is not a zone has no state. Each field is read once.
  if (const std::uint64_t magic = header.magic; magic != kMagic) {
    return differs("magic", absl::StrCat("0x", absl::Hex(magic)),
                   absl::StrCat("0x", absl::Hex(kMagic)));
  }
  if (const std::uint32_t version = header.version; version != kVersion) {
    return differs("layout version", version, kVersion);
  }
  if (const std::uint64_t abi = header.abi_hash; abi != kAbi) {
    return differs("ABI hash", absl::StrCat("0x", absl::Hex(abi)),
                   absl::StrCat("0x", absl::Hex(kAbi)));
  }
  if (header.state.load(std::memory_order_acquire) != ZoneHeader::kReady) {
    return absl::FailedPreconditionError("zone: it was not completely built");
  }
  const ZoneSizes sizes = {.max_participants = header.max_participants,
                           .max_objects = header.max_objects,
                           .max_bytes = static_cast<std::size_t>(header.max_bytes)};
  MUSTER_RETURN_IF_ERROR(sizes.Check());
  if (memory.size_bytes() < FrontBytes(sizes)) {
    return differs("size in bytes", memory.size_bytes(),
                   absl::StrCat(FrontBytes(sizes), " at least"));
  }
  return sizes;
}

std::size_t ZoneParts::registry_bytes() const {
  return Registry::BytesFor(sizes_.max_participants);
}

absl::Span<std::atomic<std::uint32_t>> ZoneParts::buckets() const {
  return {reinterpret_cast<std::atomic<std::uint32_t>*>(data_ + buckets_offset_),
          BucketCount(sizes_)};
}

absl::Span<std::atomic<std::uint64_t>> ZoneParts::opened(std::uint32_t slot) const {
  if (slot >= sizes_.max_participants) return {};
  auto* const words = reinterpret_cast<std::atomic<std::uint64_t>*>(data_ + opened_offset_);
  return {words + slot * OpenedWords(sizes_), OpenedWords(sizes_)};
}

absl::Span<ZoneEntry> ZoneParts::entries() const {
  return {reinterpret_cast<ZoneEntry*>(data_ + entries_offset_), sizes_.max_objects};
}

std::uint32_t ZoneParts::objects() const {
  // Acquire: pairs with the release of who added the last one.
  return std::min(header().objects.load(std::memory_order_acquire), sizes_.max_objects);
}

}  // namespace muster::ipc
