#ifndef MUSTER_EXAMPLES_CACHE_CACHE_STORE_H_
#define MUSTER_EXAMPLES_CACHE_CACHE_STORE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/examples/cache/cache_shard.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {

// Items by keys, in a zone that all workers share. No death of a worker damages it, and a reload
// keeps it. If there is no room for more, what was written and read longest ago goes, roughly.
// Thread-safe. `now` is in seconds since 1970, and so is an expiry; 0 is none.
class CacheStore {
 public:
  // Divides the cache into `shards`, each with a lock of its own and of about 4.3 MB. All workers
  // divide it alike. ResourceExhausted: the zone is too small.
  static absl::StatusOr<CacheStore> Open(const worker::UserZone& zone, std::uint32_t shards);

  // Calls `use` with the item, while its shard is locked, and has it stay longer. False: there is
  // none.
  bool Get(absl::string_view key, std::int64_t now, absl::FunctionRef<void(const CacheItem&)> use);

  enum class Outcome { kStored, kNotStored, kExists, kNotFound, kTooLarge, kNoNumber };
  enum class Mode {
    kSet,
    kAdd,      // only if there is none
    kReplace,  // only if there is one
    kAppend,   // to the value that there is
    kPrepend,
    kCas,  // only if the one that there is has the `unique` of `item`
  };
  Outcome Write(Mode mode, const CacheItem& item, std::int64_t now);
  // Changes when it expires. kStored, kNotFound.
  Outcome Touch(absl::string_view key, std::int64_t expiry, std::int64_t now);
  // Adds to a value that is a decimal number below 2^64, and wraps around there; subtracts down to
  // 0. The number then, if the outcome is kStored.
  enum class Sign { kPlus, kMinus };
  std::pair<Outcome, std::uint64_t> Count(absl::string_view key, Sign sign, std::uint64_t amount,
                                          std::int64_t now);
  // False: there is none.
  bool Erase(absl::string_view key, std::int64_t now);
  // From `at` on nothing counts that was written before.
  void Flush(std::int64_t at, std::int64_t now);

  struct Totals {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t writes = 0;
    std::uint64_t bytes = 0;  // of items, also of those that do not count any more
    std::uint64_t most_bytes = 0;
  };
  Totals totals();

 private:
  struct Shard {
    std::shared_ptr<CacheShard> memory;
    std::shared_ptr<ipc::ZoneMutex> mutex;
  };

  explicit CacheStore(std::vector<Shard> shards) : shards_(std::move(shards)) {}
  Shard& ShardFor(std::uint64_t hash) { return shards_[(hash >> 32) % shards_.size()]; }

  std::vector<Shard> shards_;
};

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CACHE_CACHE_STORE_H_
