#ifndef MUSTER_EXAMPLES_CACHE_CACHE_COMMAND_H_
#define MUSTER_EXAMPLES_CACHE_CACHE_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/examples/cache/cache_store.h"

namespace muster::examples {

// A line of memcached's text protocol. It refers to the bytes of the line.
struct CacheCommand {
  enum class Verb {
    kGet,
    kWrite,  // a block of data follows
    kCount,
    kDelete,
    kTouch,
    kFlush,
    kStats,
    kVersion,
    kVerbosity,
    kQuit,
  };
  Verb verb = Verb::kGet;
  std::vector<absl::string_view> keys;  // of kGet any number, else one
  bool tells_unique = false;            // gets, gats
  bool touches = false;                 // gat, gats
  CacheStore::Mode mode = CacheStore::Mode::kSet;
  CacheStore::Sign sign = CacheStore::Sign::kPlus;
  std::uint32_t flags = 0;
  std::int64_t time = 0;  // an expiry or a delay, as it is on the line
  std::size_t bytes = 0;  // of the block
  std::uint64_t unique = 0;
  std::uint64_t amount = 0;
  bool wants_answer = true;
};

inline constexpr std::size_t kMostKeyBytes = 250;

// InvalidArgument: the command is not used right; the message is for the client. Unimplemented:
// there is no such command. `line`: without its end.
absl::StatusOr<CacheCommand> ParseCommand(absl::string_view line);

// Seconds since 1970; 0: none. A time of up to 30 days is counted from now, a negative one is over.
std::int64_t ExpiryOf(std::int64_t time, std::int64_t now);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CACHE_CACHE_COMMAND_H_
