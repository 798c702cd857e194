#include "muster/examples/cache/cache_store.h"

#include <mutex>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::examples {
namespace {

// FNV-1a, whose bits are mixed at the end as those of MurmurHash3, so that similar keys are spread
// over all shards. The value of absl::Hash differs from process to process.
std::uint64_t HashOf(absl::string_view key) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : key) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace

// [cache store]
absl::StatusOr<CacheStore> CacheStore::Open(const worker::UserZone& zone, std::uint32_t count) {
  std::vector<Shard> shards;
  for (std::uint32_t i = 0; i < count; ++i) {
    Shard shard;
    MUSTER_ASSIGN_OR_RETURN(shard.memory, zone.Get<CacheShard>(absl::StrCat("shard", i)));
    const auto repair = [] { return true; };  // there is never anything to repair
    MUSTER_ASSIGN_OR_RETURN(shard.mutex, zone.Get<ipc::ZoneMutex>(absl::StrCat("lock", i), repair));
    shards.push_back(std::move(shard));
  }
  return CacheStore(std::move(shards));
}

bool CacheStore::Get(absl::string_view key, std::int64_t now,
                     absl::FunctionRef<void(const CacheItem&)> use) {
  const std::uint64_t hash = HashOf(key);
  Shard& shard = ShardFor(hash);
  const std::scoped_lock lock(*shard.mutex);
  const std::optional<CacheItem> item = FindItem(*shard.memory, hash, key, now);
  if (!item.has_value()) {
    ++shard.memory->misses;
    return false;
  }
  ++shard.memory->hits;
  use(*item);
  if (IsOld(*shard.memory, *item)) WriteItem(*shard.memory, hash, *item, now);
  return true;
}
// [end]

CacheStore::Outcome CacheStore::Write(Mode mode, const CacheItem& item, std::int64_t now) {
  const std::uint64_t hash = HashOf(item.key);
  Shard& shard = ShardFor(hash);
  const std::scoped_lock lock(*shard.mutex);
  const std::optional<CacheItem> before = FindItem(*shard.memory, hash, item.key, now);
  CacheItem written = item;
  std::string joined;
  switch (mode) {
    case Mode::kSet:
      break;
    case Mode::kAdd:
      if (before.has_value()) return Outcome::kNotStored;
      break;
    case Mode::kReplace:
      if (!before.has_value()) return Outcome::kNotStored;
      break;
    case Mode::kAppend:
    case Mode::kPrepend:
      if (!before.has_value()) return Outcome::kNotStored;
      joined = mode == Mode::kAppend ? absl::StrCat(before->value, item.value)
                                     : absl::StrCat(item.value, before->value);
      written.value = joined;
      written.flags = before->flags;
      written.expiry = before->expiry;
      break;
    case Mode::kCas:
      if (!before.has_value()) return Outcome::kNotFound;
      if (before->unique != item.unique) return Outcome::kExists;
      break;
  }
  if (!WriteItem(*shard.memory, hash, written, now)) {
    // What it replaces is out of date.
    if (mode == Mode::kSet) EraseItem(*shard.memory, hash, item.key, now);
    return Outcome::kTooLarge;
  }
  ++shard.memory->writes;
  return Outcome::kStored;
}

CacheStore::Outcome CacheStore::Touch(absl::string_view key, std::int64_t expiry,
                                      std::int64_t now) {
  const std::uint64_t hash = HashOf(key);
  Shard& shard = ShardFor(hash);
  const std::scoped_lock lock(*shard.mutex);
  std::optional<CacheItem> item = FindItem(*shard.memory, hash, key, now);
  if (!item.has_value()) return Outcome::kNotFound;
  item->expiry = expiry;
  WriteItem(*shard.memory, hash, *item, now);
  return Outcome::kStored;
}

std::pair<CacheStore::Outcome, std::uint64_t> CacheStore::Count(absl::string_view key, Sign sign,
                                                                std::uint64_t amount,
                                                                std::int64_t now) {
  const std::uint64_t hash = HashOf(key);
  Shard& shard = ShardFor(hash);
  const std::scoped_lock lock(*shard.mutex);
  std::optional<CacheItem> item = FindItem(*shard.memory, hash, key, now);
  if (!item.has_value()) return {Outcome::kNotFound, 0};
  std::uint64_t number = 0;
  if (!absl::SimpleAtoi(item->value, &number)) return {Outcome::kNoNumber, 0};
  if (sign == Sign::kPlus) {
    number += amount;
  } else {
    number = number < amount ? 0 : number - amount;
  }
  const std::string text = absl::StrCat(number);
  const std::string own_key(key);
  item->key = own_key;
  item->value = text;
  WriteItem(*shard.memory, hash, *item, now);
  ++shard.memory->writes;
  return {Outcome::kStored, number};
}

bool CacheStore::Erase(absl::string_view key, std::int64_t now) {
  const std::uint64_t hash = HashOf(key);
  Shard& shard = ShardFor(hash);
  const std::scoped_lock lock(*shard.mutex);
  return EraseItem(*shard.memory, hash, key, now);
}

void CacheStore::Flush(std::int64_t at, std::int64_t now) {
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(*shard.mutex);
    FlushShard(*shard.memory, at, now);
  }
}

CacheStore::Totals CacheStore::totals() {
  Totals totals;
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(*shard.mutex);
    totals.hits += shard.memory->hits;
    totals.misses += shard.memory->misses;
    totals.writes += shard.memory->writes;
    totals.bytes += shard.memory->head - shard.memory->tail;
    totals.most_bytes += CacheShard::kLogBytes;
  }
  return totals;
}

}  // namespace muster::examples
