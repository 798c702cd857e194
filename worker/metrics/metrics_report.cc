#include "muster/worker/metrics/metrics_report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "muster/ipc/lock/participant_record.h"
#include "muster/worker/metrics/metric_spec.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using admin::v1::Metric;
using admin::v1::MetricSeries;

Metric::Type TypeOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return Metric::COUNTER;
    case MetricType::kGauge:
      return Metric::GAUGE;
    case MetricType::kHistogram:
      return Metric::HISTOGRAM;
  }
  return Metric::TYPE_UNSPECIFIED;
}

// One series, added up.
struct Sums {
  MetricRecord record;
  std::vector<std::uint64_t> totals;                     // of a counter, or of the buckets
  double sum = 0;                                        // of a histogram
  std::vector<std::pair<std::uint32_t, double>> levels;  // of a gauge, by slot
};

// The series that are as they should be.
std::vector<Sums> ReadDirectory(const MetricsTable& table) {
  std::vector<Sums> series;
  std::set<std::pair<std::string, MetricLabels>> seen;
  std::map<std::string, std::pair<MetricType, std::vector<double>>> metrics;
  const std::uint32_t entries = table.size();
  for (std::uint32_t i = 0; i < entries; ++i) {
    std::optional<MetricRecord> record = table.Read(i);
    if (!record.has_value()) continue;
    const MetricSpec& spec = record->spec;
    const auto kind = std::make_pair(spec.type, spec.bounds);
    if (metrics.emplace(spec.name, kind).first->second != kind) continue;
    if (!seen.emplace(spec.name, spec.labels).second) continue;
    Sums sums;
    if (spec.type == MetricType::kCounter) sums.totals.resize(1);
    if (spec.type == MetricType::kHistogram) sums.totals.resize(spec.bounds.size() + 1);
    sums.record = *std::move(record);
    series.push_back(std::move(sums));
  }
  return series;
}

// Both are at most kMostCounted, so that their sum is a number.
void Add(std::uint64_t& sum, std::uint64_t value) {
  if (value <= kMostCounted) sum = std::min(sum + value, kMostCounted);
}

void AddSlot(const MetricsTable& table, std::uint32_t slot, bool is_live, Sums& sums) {
  const auto read = [&](std::size_t word) {
    return table.word(slot, sums.record.first_word + static_cast<std::uint32_t>(word))
        .load(std::memory_order_relaxed);
  };
  if (sums.record.spec.type == MetricType::kGauge) {
    if (!is_live) return;
    if (const auto level = GaugeValue(read(0))) sums.levels.emplace_back(slot, *level);
    return;
  }
  for (std::size_t i = 0; i < sums.totals.size(); ++i) Add(sums.totals[i], read(i));
  if (sums.record.spec.type != MetricType::kHistogram) return;
  const auto sum = sums.sum + std::bit_cast<double>(read(sums.totals.size()));
  if (std::isfinite(sum)) sums.sum = sum;
}

// Whether the gauges in the slot are those of the process that lives there.
bool HasLiveGauges(const MetricsTable& table, const SharedZone& shared, std::uint32_t slot) {
  const auto record = shared.registry().Read(slot);
  if (!record.has_value() || record->state != ipc::ParticipantState::kLive) return false;
  // Acquire: pairs with the release in Metrics::Open.
  return table.stamp(slot).load(std::memory_order_acquire) ==
         MetricsTable::StampOf(record->tag, shared.instance_id());
}

MetricSeries* AddSeries(const Sums& sums, Metric& metric) {
  MetricSeries* const series = metric.add_series();
  for (const auto& [name, value] : sums.record.spec.labels) {
    admin::v1::MetricLabel* const label = series->add_label();
    label->set_name(name);
    label->set_value(value);
  }
  return series;
}

void Show(const Sums& sums, Metric& metric) {
  switch (sums.record.spec.type) {
    case MetricType::kCounter:
      AddSeries(sums, metric)->set_total(sums.totals[0]);
      break;
    case MetricType::kGauge:
      for (const auto& [slot, level] : sums.levels) {
        MetricSeries* const series = AddSeries(sums, metric);
        series->set_slot(slot);
        series->set_level(level);
      }
      break;
    case MetricType::kHistogram: {
      admin::v1::MetricHistogram& shown = *AddSeries(sums, metric)->mutable_histogram();
      std::uint64_t count = 0;
      for (std::size_t i = 0; i < sums.record.spec.bounds.size(); ++i) {
        Add(count, sums.totals[i]);
        admin::v1::MetricBucket* const bucket = shown.add_bucket();
        bucket->set_upper_bound(sums.record.spec.bounds[i]);
        bucket->set_count(count);
      }
      Add(count, sums.totals.back());
      shown.set_count(count);
      shown.set_sum(sums.sum);
      break;
    }
  }
}

}  // namespace

std::vector<Metric> ReadMetrics(const UserZone& zone, const SharedZone& shared) {
  const std::optional<MetricsTable> table = MetricsTable::Find(zone);
  if (!table.has_value()) return {};
  std::vector<Sums> series = ReadDirectory(*table);
  const std::uint32_t slots = table->slots_used();
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const bool is_live = HasLiveGauges(*table, shared, slot);
    for (Sums& sums : series) AddSlot(*table, slot, is_live, sums);
  }
  std::map<std::string, Metric> metrics;
  for (const Sums& sums : series) {
    const MetricSpec& spec = sums.record.spec;
    Metric& metric = metrics[spec.name];
    if (metric.name().empty()) {
      metric.set_name(spec.name);
      metric.set_type(TypeOf(spec.type));
      metric.set_help(spec.help);
    }
    Show(sums, metric);
  }
  std::vector<Metric> shown;
  for (auto& [name, metric] : metrics) {
    // Gauges of which no worker lives that has one.
    if (metric.series_size() > 0) shown.push_back(std::move(metric));
  }
  return shown;
}

}  // namespace muster::worker
