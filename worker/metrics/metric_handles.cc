#include "muster/worker/metrics/metric_handles.h"

#include <bit>

namespace muster::worker {
namespace {

// Where handles count that no Metrics made. Nobody reads it.
MetricsTable::Word& Nowhere() {
  static MetricsTable::Word words[2];
  return words[0];
}

}  // namespace

MetricCounter::MetricCounter() : word_(&Nowhere()) {}

MetricGauge::MetricGauge() : word_(&Nowhere()) {}

void MetricGauge::Add(double amount) const {
  std::uint64_t word = word_->load(std::memory_order_relaxed);
  while (!word_->compare_exchange_weak(word, GaugeWord(GaugeValue(word).value_or(0) + amount),
                                       std::memory_order_relaxed)) {
  }
}

MetricHistogram::MetricHistogram() : words_(&Nowhere()) {}

void MetricHistogram::AddToSum(double value) const {
  MetricsTable::Word& sum = words_[bounds_.size() + 1];
  // Plain bits: those of zero are zero.
  std::uint64_t word = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(
      word, std::bit_cast<std::uint64_t>(std::bit_cast<double>(word) + value),
      std::memory_order_relaxed)) {
  }
}

}  // namespace muster::worker
