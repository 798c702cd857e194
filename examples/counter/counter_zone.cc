#include "muster/examples/counter/counter_zone.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {

// [counter open]
absl::StatusOr<CounterZone> CounterZone::Open(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(const worker::UserZone* zone, context.zone("counters"));
  MUSTER_ASSIGN_OR_RETURN(auto table, zone->Get<CounterTable>("table"));
  const auto repair = [] { return true; };  // there is never anything to repair
  MUSTER_ASSIGN_OR_RETURN(auto mutex, zone->Get<ipc::ZoneMutex>("mutex", repair));
  return CounterZone(std::move(table), std::move(mutex));
}
// [end]

CounterTable::Counter* CounterZone::Find(absl::string_view name) {
  for (std::uint32_t i = 0; i < table_->size; ++i) {
    if (table_->counters[i].name == name) return &table_->counters[i];
  }
  return nullptr;
}

std::optional<std::int64_t> CounterZone::Read(absl::string_view name) {
  const std::scoped_lock lock(*mutex_);
  const CounterTable::Counter* counter = Find(name);
  if (counter == nullptr) return std::nullopt;
  return counter->value;
}

absl::StatusOr<std::int64_t> CounterZone::Add(absl::string_view name, std::int64_t amount) {
  if (name.empty() || name.size() > CounterTable::kMostNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a counter's name has 1 to ", CounterTable::kMostNameBytes, " bytes"));
  }
  const std::scoped_lock lock(*mutex_);
  if (CounterTable::Counter* counter = Find(name)) {
    return counter->value = static_cast<std::int64_t>(static_cast<std::uint64_t>(counter->value) +
                                                      static_cast<std::uint64_t>(amount));
  }
  if (table_->size == CounterTable::kMostCounters) {
    return absl::ResourceExhaustedError("there is no room for one more counter");
  }
  CounterTable::Counter& made = table_->counters[table_->size];
  std::memset(made.name, 0, sizeof(made.name));
  std::memcpy(made.name, name.data(), name.size());
  made.value = amount;
  // Who is killed before this leaves nothing; the compiler must not put it earlier.
  std::atomic_signal_fence(std::memory_order_release);
  ++table_->size;
  return amount;
}

}  // namespace muster::examples
