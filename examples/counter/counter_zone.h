#ifndef MUSTER_EXAMPLES_COUNTER_COUNTER_ZONE_H_
#define MUSTER_EXAMPLES_COUNTER_COUNTER_ZONE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {

// [counter layout]
// An object of the zone "counters": the numbers. It begins without any.
struct CounterTable {
  static constexpr std::uint32_t kMostCounters = 512;
  static constexpr std::size_t kMostNameBytes = 55;

  struct Counter {
    char name[kMostNameBytes + 1];
    std::int64_t value;
  };

  // Raise it with each change of what follows.
  static constexpr std::uint32_t kZoneVersion = 1;

  // A mutex of the zone guards it. A worker that is killed at any instruction leaves it consistent:
  // a counter exists when `size` includes it, and a value changes by one store.
  std::uint32_t size;
  Counter counters[kMostCounters];
};
// [end]

// Named numbers that all workers share and no death damages. Thread-safe, but for Open.
class CounterZone {
 public:
  // FailedPrecondition: the configuration declares no such zone; ResourceExhausted: it is too
  // small.
  static absl::StatusOr<CounterZone> Open(worker::Context& context);

  // Nothing: there is no such counter.
  std::optional<std::int64_t> Read(absl::string_view name);
  // Makes it if it is not there. Its value then. InvalidArgument: the name is empty or too long.
  // ResourceExhausted: there is no room for one more.
  absl::StatusOr<std::int64_t> Add(absl::string_view name, std::int64_t amount);

 private:
  CounterZone(std::shared_ptr<CounterTable> table, std::shared_ptr<ipc::ZoneMutex> mutex)
      : table_(std::move(table)), mutex_(std::move(mutex)) {}
  CounterTable::Counter* Find(absl::string_view name);

  std::shared_ptr<CounterTable> table_;
  std::shared_ptr<ipc::ZoneMutex> mutex_;
};

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_COUNTER_COUNTER_ZONE_H_
