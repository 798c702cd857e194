#include "muster/master/admin/report/metrics_bound.h"

namespace muster::master {
namespace {

using admin::v1::Metric;

// The most that a field has before a submessage: its number, and its size.
constexpr std::size_t kHeadBytes = 6;

// Removes the series behind those that fit. Returns how many.
int Shorten(std::size_t most_bytes, Metric& metric) {
  std::size_t bytes = kHeadBytes + metric.ByteSizeLong();
  int kept = metric.series_size();
  // What stays of the heads makes it a few bytes longer than it is.
  while (kept > 0 && bytes > most_bytes) bytes -= metric.series(--kept).ByteSizeLong();
  const int removed = metric.series_size() - kept;
  metric.mutable_series()->DeleteSubrange(kept, removed);
  return removed;
}

}  // namespace

std::uint64_t KeepWithin(std::size_t most_bytes, std::vector<Metric>& metrics) {
  std::uint64_t removed = 0;
  std::size_t room = most_bytes;
  for (Metric& metric : metrics) {
    if (removed > 0) {
      removed += static_cast<std::uint64_t>(metric.series_size());
      metric.clear_series();
      continue;
    }
    removed = static_cast<std::uint64_t>(Shorten(room, metric));
    if (!metric.series().empty()) room -= kHeadBytes + metric.ByteSizeLong();
  }
  std::erase_if(metrics, [](const Metric& metric) { return metric.series().empty(); });
  return removed;
}

}  // namespace muster::master
