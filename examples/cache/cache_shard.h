#ifndef MUSTER_EXAMPLES_CACHE_CACHE_SHARD_H_
#define MUSTER_EXAMPLES_CACHE_CACHE_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace muster::examples {

// An object of the zone: a part of the cache, a log of items in a ring with an index. A position is
// the number of bytes that were ever written before it. An item at a position from `tail` on and
// before `head` is whole; what the index names elsewhere is gone. So an item goes when others are
// written over it, and nobody has to find what names it.
//
// A mutex of the zone guards it. A worker that is killed at any instruction leaves it consistent:
// first the tail goes, then the item is written, then the head follows, then one store names it.
struct CacheShard {
  static constexpr std::uint32_t kZoneVersion = 1;  // raise it with each change of what follows
  static constexpr std::uint64_t kLogBytes = 4 << 20;
  static constexpr std::uint32_t kBuckets = 4096;
  static constexpr std::uint32_t kWays = 8;

  std::uint64_t head;
  std::uint64_t tail;
  std::uint64_t last_unique;     // of the items, in the order in which they were written
  std::uint64_t flushed_unique;  // items up to this one do not count any more
  std::int64_t flush_at;  // seconds since 1970: then all that is here does not count. 0: never
  std::uint64_t hits;
  std::uint64_t misses;
  std::uint64_t writes;
  std::uint64_t ways[kBuckets][kWays];  // positions of items, plus 1. 0: none
  char log[kLogBytes];
};

// An item, while the shard is locked.
struct CacheItem {
  absl::string_view key;
  absl::string_view value;
  std::uint32_t flags = 0;
  std::int64_t expiry = 0;   // seconds since 1970; 0: none
  std::uint64_t unique = 0;  // another one after each change
};

// More than this no item has, with its key.
inline constexpr std::size_t kMostItemBytes = 1 << 20;
static_assert(kMostItemBytes <= CacheShard::kLogBytes / 2);

// All of these: the shard is locked by the caller. `hash` is that of the key, the same in each
// process. `now`: seconds since 1970.

// Nothing: it is not there, or does not count any more.
std::optional<CacheItem> FindItem(const CacheShard& shard, std::uint64_t hash,
                                  absl::string_view key, std::int64_t now);
// Writes it, in place of the one with its key. `item` may be one of the shard, and has a new
// `unique` there. What was written longest ago goes to make room. False: it is too large.
bool WriteItem(CacheShard& shard, std::uint64_t hash, const CacheItem& item, std::int64_t now);
// False: it is not there.
bool EraseItem(CacheShard& shard, std::uint64_t hash, absl::string_view key, std::int64_t now);
// Whether it is among those that go next.
bool IsOld(const CacheShard& shard, const CacheItem& item);
// All that was written before `at` does not count from then on.
void FlushShard(CacheShard& shard, std::int64_t at, std::int64_t now);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CACHE_CACHE_SHARD_H_
