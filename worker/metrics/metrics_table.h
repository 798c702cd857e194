#ifndef MUSTER_WORKER_METRICS_METRICS_TABLE_H_
#define MUSTER_WORKER_METRICS_METRICS_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/zone_object.h"
#include "muster/worker/metrics/metric_spec.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// The user zone in which the metrics of the service are. It is one like those that a configuration
// declares, so it is kept, handed over, inherited and recovered as they are; the layout of the
// shared zone does not change. The master makes it where the configuration has `metrics`.
inline constexpr absl::string_view kMetricsZone = "muster.metrics";

// A series as the directory has it, copied and checked.
struct MetricRecord {
  MetricSpec spec;
  std::uint32_t first_word = 0;  // spec.words() of them are within the table
};

// The metrics of a service, in shared memory: a directory of the series, and for each slot of the
// shared zone a line of words, one or more for each series. A view: the memory is the zone's, and
// outlives it. docs/MEMORY_LAYOUT.md has the layout.
//
// The directory only grows. A series is there once it is counted; all that was written before that
// is written again by the next one that adds. So a process may be killed at any instruction of Add
// and leaves the directory as it was, or with the whole series. Words are of one series for ever:
// its totals stay when no worker registers it any more.
//
// A slot's process is the only one to write into its words, by any number of threads. The totals go
// on with the next process of the slot. Gauges belong to one process, whose stamp the slot has:
// readers show those of live processes only.
class MetricsTable {
 public:
  // As many as the shared zone has.
  static constexpr std::uint32_t kSlots = 1024;

  using Word = std::atomic<std::uint64_t>;
  static_assert(Word::is_always_lock_free);

  // The bytes of a table with so many words for each slot, and those of a zone for it.
  static std::size_t BytesFor(std::uint32_t max_series);
  static std::uint64_t ZoneBytesFor(std::uint32_t max_series);

  // `memory`: BytesFor(max_series), aligned to a cache line, zero at first.
  MetricsTable(void* memory, std::uint32_t max_series)
      : memory_(static_cast<std::byte*>(memory)), max_series_(max_series) {}
  // The table in the zone, for reading. Nothing: no worker has registered a metric, or what is
  // there is no table of this version.
  static std::optional<MetricsTable> Find(const UserZone& zone);

  std::uint32_t max_series() const { return max_series_; }
  // At most max_series().
  std::uint32_t size() const;
  // `index`: below size(). Nothing: somebody damaged it.
  std::optional<MetricRecord> Read(std::uint32_t index) const;

  // Adds the series `spec`, which CheckMetric has passed and which is not there (MetricsIndex).
  // `first_word`: no series has it or one behind it. One caller at a time, in all processes.
  // ResourceExhausted: there is not so much room left.
  absl::StatusOr<MetricRecord> Add(const MetricSpec& spec, std::uint32_t first_word) const;

  // Slots from this number on never had a process that registered a metric. It is the table's own,
  // since the table may outlive the shared zone. At most kSlots.
  std::uint32_t slots_used() const;
  // Says that the slot has one, before it writes anything.
  void Use(std::uint32_t slot) const;

  // `slot` is below kSlots, `word` below max_series().
  Word& word(std::uint32_t slot, std::uint32_t word) const;
  // The process that has written the slot's gauges.
  Word& stamp(std::uint32_t slot) const;
  // Of a process in a shared zone. Other processes, and those of other zones, have another one.
  static std::uint64_t StampOf(ipc::OwnerTag tag, std::uint64_t zone_instance_id);

 private:
  struct Front;
  struct Entry;

  Front& front() const;
  Entry& entry(std::uint32_t index) const;
  std::byte* line(std::uint32_t slot) const;

  std::byte* memory_;
  std::uint32_t max_series_;
};

// Values of gauges and sums as words. A gauge's word is zero where no value was set, so that new
// memory has none.
std::uint64_t GaugeWord(double value);
// Nothing: no value was set, or it is not finite.
std::optional<double> GaugeValue(std::uint64_t word);

}  // namespace muster::worker

namespace muster::ipc {

// Zone::Get takes max_series.
template <>
struct ZoneObject<worker::MetricsTable> {
  static constexpr absl::string_view kType = "muster.MetricsTable";
  static constexpr std::uint32_t kVersion = 1;

  static ObjectSpec Spec(const ZoneSizes&, std::uint32_t max_series) {
    return {.kind = ObjectKind::kPlain,
            .type = kType,
            .version = kVersion,
            .bytes = worker::MetricsTable::BytesFor(max_series),
            .alignment = kCacheLineBytes,
            .count = max_series};
  }
  static void Initialise(void*) {}
  static absl::StatusOr<std::shared_ptr<worker::MetricsTable>> Make(const OpenedObject& object,
                                                                    std::uint32_t max_series) {
    return std::make_shared<worker::MetricsTable>(object.view.state, max_series);
  }
};

}  // namespace muster::ipc

#endif  // MUSTER_WORKER_METRICS_METRICS_TABLE_H_
