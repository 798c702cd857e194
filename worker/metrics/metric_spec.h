#ifndef MUSTER_WORKER_METRICS_METRIC_SPEC_H_
#define MUSTER_WORKER_METRICS_METRIC_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::worker {

// The numbers are in shared memory.
enum class MetricType : std::uint32_t { kCounter = 1, kGauge = 2, kHistogram = 3 };

// "counter", "gauge", "histogram", as Prometheus has them; "type 77" for another number.
std::string ToString(MetricType type);

// Names and values.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// What a series is registered as.
struct MetricSpec {
  static constexpr std::size_t kMostNameBytes = 100;
  static constexpr std::size_t kMostHelpBytes = 250;
  static constexpr std::size_t kMostLabels = 16;
  // Of the names and the values of all labels, with two bytes more for each label.
  static constexpr std::size_t kMostLabelBytes = 512;
  static constexpr std::size_t kMostLabelValueBytes = 255;
  static constexpr std::size_t kMostBounds = 32;

  MetricType type = MetricType::kCounter;
  std::string name;
  std::string help;
  MetricLabels labels = {};         // sorted by name, which SortLabels does; no value is empty
  std::vector<double> bounds = {};  // of a histogram: the upper bounds of its buckets

  void SortLabels();
  // The words of memory that it takes in each worker's slot: what counts against max_series.
  std::size_t words() const { return type == MetricType::kHistogram ? bounds.size() + 2 : 1; }
};

// Whether Prometheus, and promtool, take it. The names of counters end in "_total", and those of
// others in no suffix by which Prometheus names a part of a metric: so no two metrics have a line
// of the same name. Labels that are not sorted are refused, and so are empty values, which
// Prometheus takes for absent labels: so no two specs are one series. InvalidArgument names the
// metric and what is wrong: metric "hits": the name of a counter ends in "_total".
absl::Status CheckMetric(const MetricSpec& spec);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRIC_SPEC_H_
