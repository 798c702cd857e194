#ifndef MUSTER_WORKER_METRICS_METRIC_HANDLES_H_
#define MUSTER_WORKER_METRICS_METRIC_HANDLES_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/worker/metrics/metrics_table.h"

namespace muster::worker {

// What a service counts with. A handle is a pointer or two into shared memory: cheap to copy, and
// of use as long as the Context that it came from. All threads of the worker may use it and its
// copies; no call blocks. All accesses are relaxed: they do not order other memory. In a child of
// fork they must not be used: the child would write as its parent.
//
// A handle that was made by its default constructor counts where nobody reads. So a service that
// goes on without a metric needs no other code: metrics.Counter(...).value_or(MetricCounter()).

// A total, which only grows.
class MetricCounter {
 public:
  MetricCounter();

  // One atomic addition to a word that no other process writes.
  void Add(std::uint64_t amount = 1) const { word_->fetch_add(amount, std::memory_order_relaxed); }

 private:
  friend class Metrics;
  explicit MetricCounter(MetricsTable::Word& word) : word_(&word) {}

  MetricsTable::Word* word_;
};

// A value that goes up and down, of this worker. It is gone with the worker.
class MetricGauge {
 public:
  MetricGauge();

  // One store. A value that is not finite: the gauge has none.
  void Set(double value) const { word_->store(GaugeWord(value), std::memory_order_relaxed); }
  // To what it has, or to zero if it has none. An amount that is not finite is ignored.
  void Add(double amount = 1) const;
  void Subtract(double amount = 1) const { Add(-amount); }

 private:
  friend class Metrics;
  explicit MetricGauge(MetricsTable::Word& word) : word_(&word) {}

  MetricsTable::Word* word_;
};

// How many values were at most each of some bounds, and the sum of all. Words: one for each bucket,
// one for the values above all bounds, and the sum.
class MetricHistogram {
 public:
  MetricHistogram();

  // Two atomic additions, of which a death between them leaves the first: the sum may then be short
  // of one value. A value that is not finite is ignored: neither counted nor added. One with which
  // the sum would not be finite any more is counted and not added. So no value spoils the sum.
  void Observe(double value) const {
    if (!std::isfinite(value)) return;
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    words_[bucket].fetch_add(1, std::memory_order_relaxed);
    AddToSum(value);
  }
  // In seconds, the unit of times in Prometheus.
  void Observe(std::chrono::nanoseconds time) const {
    Observe(std::chrono::duration<double>(time).count());
  }

 private:
  friend class Metrics;
  MetricHistogram(MetricsTable::Word& first, absl::Span<const double> bounds)
      : words_(&first), bounds_(bounds) {}
  void AddToSum(double value) const;

  MetricsTable::Word* words_;
  absl::Span<const double> bounds_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRIC_HANDLES_H_
