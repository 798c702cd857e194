#include "muster/examples/cache/cache_shard.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::examples {
namespace {

// In the log, before the key and the value.
struct ItemHead {
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
  std::uint32_t flags;
  std::uint32_t unused;
  std::int64_t expiry;
  std::uint64_t unique;
};

constexpr std::uint64_t kAlignment = alignof(ItemHead);

std::uint64_t BytesOf(std::uint64_t key_bytes, std::uint64_t value_bytes) {
  return (sizeof(ItemHead) + key_bytes + value_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// A process that is killed between two stores leaves what the first one made: the compiler must not
// exchange them.
void InThisOrder() { std::atomic_signal_fence(std::memory_order_release); }

// What is written in the ring may not be what was meant, so nothing outside is read. Nothing: it
// does not count.
std::optional<CacheItem> ItemAt(const CacheShard& shard, std::uint64_t way, std::int64_t now) {
  if (way == 0 || way - 1 < shard.tail || way - 1 >= shard.head) return std::nullopt;
  const std::uint64_t offset = (way - 1) % CacheShard::kLogBytes;
  ItemHead head;
  if (offset + sizeof(head) > CacheShard::kLogBytes) return std::nullopt;
  std::memcpy(&head, shard.log + offset, sizeof(head));
  if (offset + BytesOf(head.key_bytes, head.value_bytes) > CacheShard::kLogBytes) {
    return std::nullopt;
  }
  if (head.unique <= shard.flushed_unique) return std::nullopt;
  if (head.expiry != 0 && head.expiry <= now) return std::nullopt;
  const char* const key = shard.log + offset + sizeof(head);
  return CacheItem{.key = {key, head.key_bytes},
                   .value = {key + head.key_bytes, head.value_bytes},
                   .flags = head.flags,
                   .expiry = head.expiry,
                   .unique = head.unique};
}

template <typename Shard>
auto& BucketOf(Shard& shard, std::uint64_t hash) {
  return shard.ways[hash % CacheShard::kBuckets];
}

// The way of this key; else one that is free; else the one that was written longest ago.
std::uint64_t& WayFor(CacheShard& shard, std::uint64_t hash, absl::string_view key,
                      std::int64_t now) {
  std::uint64_t* best = nullptr;
  for (std::uint64_t& way : BucketOf(shard, hash)) {
    const std::optional<CacheItem> item = ItemAt(shard, way, now);
    if (item.has_value() && item->key == key) return way;
    if (!item.has_value()) way = 0;
    if (best == nullptr || way < *best) best = &way;
  }
  return *best;
}

void FlushIfDue(CacheShard& shard, std::int64_t now) {
  if (shard.flush_at == 0 || now < shard.flush_at) return;
  shard.flushed_unique = shard.last_unique;
  InThisOrder();
  shard.flush_at = 0;
}

}  // namespace

std::optional<CacheItem> FindItem(const CacheShard& shard, std::uint64_t hash,
                                  absl::string_view key, std::int64_t now) {
  if (shard.flush_at != 0 && now >= shard.flush_at) return std::nullopt;
  for (const std::uint64_t way : BucketOf(shard, hash)) {
    const std::optional<CacheItem> item = ItemAt(shard, way, now);
    if (item.has_value() && item->key == key) return item;
  }
  return std::nullopt;
}

bool WriteItem(CacheShard& shard, std::uint64_t hash, const CacheItem& item, std::int64_t now) {
  const std::uint64_t bytes = BytesOf(item.key.size(), item.value.size());
  if (bytes > kMostItemBytes) return false;
  FlushIfDue(shard, now);
  // It may be of the shard, and what is written over first.
  const char* const log = shard.log;
  std::string kept;
  CacheItem source = item;
  if (item.value.data() >= log && item.value.data() < log + CacheShard::kLogBytes) {
    kept = absl::StrCat(item.key, item.value);
    source.key = absl::string_view(kept).substr(0, item.key.size());
    source.value = absl::string_view(kept).substr(item.key.size());
  }
  // No item goes over the end of the ring.
  const std::uint64_t rest = CacheShard::kLogBytes - shard.head % CacheShard::kLogBytes;
  const std::uint64_t position = bytes <= rest ? shard.head : shard.head + rest;
  const std::uint64_t end = position + bytes;
  if (end > CacheShard::kLogBytes) shard.tail = std::max(shard.tail, end - CacheShard::kLogBytes);
  const std::uint64_t unique = ++shard.last_unique;
  InThisOrder();
  const ItemHead head = {.key_bytes = static_cast<std::uint32_t>(source.key.size()),
                         .value_bytes = static_cast<std::uint32_t>(source.value.size()),
                         .flags = source.flags,
                         .unused = 0,
                         .expiry = source.expiry,
                         .unique = unique};
  char* at = shard.log + position % CacheShard::kLogBytes;
  std::memcpy(at, &head, sizeof(head));
  at = std::copy(source.key.begin(), source.key.end(), at + sizeof(head));
  std::copy(source.value.begin(), source.value.end(), at);
  InThisOrder();
  shard.head = end;
  InThisOrder();
  WayFor(shard, hash, source.key, now) = position + 1;
  return true;
}

bool EraseItem(CacheShard& shard, std::uint64_t hash, absl::string_view key, std::int64_t now) {
  if (!FindItem(shard, hash, key, now).has_value()) return false;
  WayFor(shard, hash, key, now) = 0;
  return true;
}

bool IsOld(const CacheShard& shard, const CacheItem& item) {
  const std::uint64_t offset = static_cast<std::uint64_t>(item.key.data() - shard.log);
  const std::uint64_t head = shard.head % CacheShard::kLogBytes;
  const std::uint64_t age = (head + CacheShard::kLogBytes - offset) % CacheShard::kLogBytes;
  return age > CacheShard::kLogBytes / 4 * 3;
}

void FlushShard(CacheShard& shard, std::int64_t at, std::int64_t now) {
  shard.flush_at = std::max<std::int64_t>(at, 1);
  FlushIfDue(shard, now);
}

}  // namespace muster::examples
