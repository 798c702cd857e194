#include "muster/worker/zone/latency_histogram.h"

#include <cmath>

#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using std::chrono::nanoseconds;

// Both are at most kMostCounted, so that their sum is a number.
std::uint64_t Sum(std::uint64_t a, std::uint64_t b) { return std::min(a + b, kMostCounted); }

double BeginNanoseconds(std::size_t bucket) {
  return static_cast<double>(LatencyBucketBegin(bucket).count());
}

constexpr std::uint64_t WholeMicroseconds(nanoseconds time) {
  return static_cast<std::uint64_t>(time.count() / 1000);
}

}  // namespace

LatencyValues& LatencyValues::operator+=(const LatencyValues& other) {
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) buckets[i] = Sum(buckets[i], other.buckets[i]);
  return *this;
}

LatencyValues LatencyValues::Since(const LatencyValues& before) const {
  LatencyValues since = *this;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    since.buckets[i] -= std::min(since.buckets[i], before.buckets[i]);
  }
  return since;
}

std::uint64_t LatencyValues::Count() const { return CountBelow(nanoseconds::max()); }

std::uint64_t LatencyValues::CountBelow(nanoseconds bound) const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < kLatencyBuckets && LatencyBucketBegin(i) < bound; ++i) {
    count = Sum(count, buckets[i]);
  }
  return count;
}

nanoseconds LatencyValues::Percentile(double part) const {
  const double rank = std::clamp(part, 0.0, 1.0) * static_cast<double>(Count());
  double before = 0;
  std::size_t last = kLatencyBuckets;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    if (buckets[i] == 0) continue;
    const auto count = static_cast<double>(buckets[i]);
    last = i;
    if (before + count >= rank) {
      if (i == kLatencyBuckets - 1) break;
      const double begin = BeginNanoseconds(i);
      const double width = BeginNanoseconds(i + 1) - begin;
      return nanoseconds(std::llround(begin + width * (rank - before) / count));
    }
    before += count;
  }
  // Rounding may leave a rank behind all of them.
  return last == kLatencyBuckets ? nanoseconds() : LatencyBucketBegin(last);
}

double LatencyValues::SumSeconds() const {
  double sum = 0;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    const double begin = BeginNanoseconds(i);
    const double end = i + 1 < kLatencyBuckets ? BeginNanoseconds(i + 1) : begin;
    sum += static_cast<double>(buckets[i]) * (begin + end) / 2;
  }
  return sum / 1e9;
}

std::vector<LatencyValues::Bucket> LatencyValues::InMicroseconds() const {
  std::vector<Bucket> found;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    if (buckets[i] == 0) continue;
    Bucket bucket = {.lower_us = WholeMicroseconds(LatencyBucketBegin(i)), .count = buckets[i]};
    if (i + 1 < kLatencyBuckets) {
      // Up: a bound within a microsecond is the microsecond's end.
      bucket.upper_us = WholeMicroseconds(LatencyBucketBegin(i + 1) + nanoseconds(999));
    }
    if (!found.empty() && found.back().lower_us == bucket.lower_us) {
      found.back().count = Sum(found.back().count, bucket.count);
    } else {
      found.push_back(bucket);
    }
  }
  return found;
}

LatencyValues ReadLatency(const LatencyHistogram& histogram) {
  LatencyValues values;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    values.buckets[i] = ReadTotal(histogram.buckets[i]);
  }
  return values;
}

}  // namespace muster::worker
