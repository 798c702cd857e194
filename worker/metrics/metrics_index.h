#ifndef MUSTER_WORKER_METRICS_METRICS_INDEX_H_
#define MUSTER_WORKER_METRICS_METRICS_INDEX_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "muster/worker/metrics/metric_spec.h"
#include "muster/worker/metrics/metrics_table.h"

namespace muster::worker {

// What one process knows of the directory of a MetricsTable. It reads each entry once, so a
// registration takes the same time however many series there are.
//
// As readers do, it leaves out a damaged entry, one that is there twice, and one that is not like
// the first of its metric. What it has read it believes, whatever becomes of the entry later.
//
// For one thread at a time.
class MetricsIndex {
 public:
  // Reads what was added since the last call.
  void CatchUp(const MetricsTable& table);

  // The series `spec`, which CheckMetric has passed. NotFound: it was not there at the last
  // CatchUp. FailedPrecondition: the metric is of another type, or has other bounds; the message
  // has both.
  absl::StatusOr<MetricRecord> Find(const MetricSpec& spec) const;
  // All series have words below this one.
  std::uint32_t words_taken() const { return words_taken_; }

 private:
  // What all series of a metric have in common.
  struct Kind {
    MetricType type;
    std::vector<double> bounds;

    friend bool operator==(const Kind&, const Kind&) = default;
  };
  using Series = std::pair<std::string, MetricLabels>;

  void Add(MetricRecord record);

  std::uint32_t entries_read_ = 0;
  std::uint32_t words_taken_ = 0;
  std::unordered_map<std::string, Kind> kinds_;                                // by name
  std::unordered_map<Series, std::uint32_t, absl::Hash<Series>> first_words_;  // by name and labels
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_INDEX_H_
