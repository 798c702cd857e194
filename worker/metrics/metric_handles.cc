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
  if (!std::isfinite(amount)) return;
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
  while (true) {
    const auto before = std::bit_cast<double>(word);
    // What is not finite was no sum: a broken process wrote it, maybe the one before in this slot.
    const double after = (std::isfinite(before) ? before : 0) + value;
    if (!std::isfinite(after)) return;
    if (sum.compare_exchange_weak(word, std::bit_cast<std::uint64_t>(after),
                                  std::memory_order_relaxed)) {
      return;
    }
  }
}

}  // namespace muster::worker
