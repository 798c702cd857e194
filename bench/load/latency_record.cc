#include "muster/bench/load/latency_record.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace muster::bench {
namespace {

// Each power of two has so many buckets, and below them each value has its own.
constexpr std::size_t kPerOctave = 64;
constexpr int kOctaveBits = 6;
constexpr int kMostBits = 36;
constexpr std::uint64_t kMost = (std::uint64_t{1} << kMostBits) - 1;
constexpr std::size_t kBuckets = kPerOctave * (kMostBits - kOctaveBits + 1);

}  // namespace

LatencyRecord::LatencyRecord() : buckets_(kBuckets) {}

std::size_t LatencyRecord::BucketOf(std::uint64_t nanoseconds) {
  if (nanoseconds < kPerOctave) return nanoseconds;
  const int octave = std::bit_width(nanoseconds) - 1 - kOctaveBits;
  return static_cast<std::size_t>(octave) * kPerOctave + (nanoseconds >> octave);
}

std::uint64_t LatencyRecord::EndOf(std::size_t bucket) {
  if (bucket < kPerOctave) return bucket;
  const std::size_t octave = bucket / kPerOctave - 1;
  return ((bucket - octave * kPerOctave + 1) << octave) - 1;
}

void LatencyRecord::Add(std::chrono::nanoseconds latency) {
  latency = std::max(latency, std::chrono::nanoseconds());
  ++buckets_[BucketOf(std::min(static_cast<std::uint64_t>(latency.count()), kMost))];
  ++count_;
  max_ = std::max(max_, latency);
}

std::chrono::nanoseconds LatencyRecord::Percentile(double part) const {
  if (count_ == 0) return {};
  const double wanted = std::ceil(std::clamp(part, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      return std::min(std::chrono::nanoseconds(static_cast<std::int64_t>(EndOf(i))), max_);
    }
  }
  return max_;
}

}  // namespace muster::bench
