#ifndef MUSTER_WORKER_ZONE_LATENCY_HISTOGRAM_H_
#define MUSTER_WORKER_ZONE_LATENCY_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// Eight buckets for each power of two from 1 microsecond to 2^26 (67 s), all of one width within
// it; one before them and one behind. So a bucket's width is an eighth of its lower bound at most.
inline constexpr std::size_t kLatencyOctaves = 26;
inline constexpr std::size_t kLatencyBuckets = 8 * kLatencyOctaves + 2;

// The bucket that counts `latency`. What is below zero counts as zero.
constexpr std::size_t LatencyBucketOf(std::chrono::nanoseconds latency) {
  // In eighths of a microsecond, which every bound is a multiple of.
  const std::uint64_t eighths =
      static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)) / 125;
  if (eighths < 8) return 0;
  const auto octave = static_cast<std::size_t>(std::bit_width(eighths)) - 4;
  if (octave >= kLatencyOctaves) return kLatencyBuckets - 1;
  return 1 + 8 * octave + static_cast<std::size_t>((eighths >> octave) - 8);
}

// The least latency that the bucket counts. The next bucket's is the first that it does not count;
// of kLatencyBuckets that is "never".
constexpr std::chrono::nanoseconds LatencyBucketBegin(std::size_t bucket) {
  if (bucket == 0) return {};
  if (bucket >= kLatencyBuckets) return std::chrono::nanoseconds::max();
  const std::size_t octave = (bucket - 1) / 8;
  return std::chrono::nanoseconds(125 * ((8 + (bucket - 1) % 8) << octave));
}

// How long the requests took that the processes of one slot have answered, in shared memory. The
// slot's process is the only writer; any process may read. The totals go on with the slot's next
// process. Zero bytes are a valid start. docs/MEMORY_LAYOUT.md has the layout.
struct alignas(ipc::kCacheLineBytes) LatencyHistogram {
  ipc::Counter buckets[kLatencyBuckets];

  void Record(std::chrono::nanoseconds latency) { buckets[LatencyBucketOf(latency)].Add(); }
};

static_assert(sizeof(LatencyHistogram) == 1792);
static_assert(std::is_standard_layout_v<LatencyHistogram>);

// A copy of a histogram, or the sum of several. Each word is read at its own moment.
struct LatencyValues {
  std::array<std::uint64_t, kLatencyBuckets> buckets = {};

  // No value exceeds kMostCounted (slot_stats.h).
  LatencyValues& operator+=(const LatencyValues& other);
  // These values without those of `before`. None falls below zero.
  LatencyValues Since(const LatencyValues& before) const;
  // At most kMostCounted, as all sums here.
  std::uint64_t Count() const;
  // Of those that took less than `bound`, which is the begin of a bucket.
  std::uint64_t CountBelow(std::chrono::nanoseconds bound) const;

  // The latency that the part `part` of all requests, 0 to 1, did not exceed. It is interpolated
  // within a bucket, and so within an eighth of what it would be with each latency known. Zero if
  // there is none; 2^26 microseconds if it is more than that.
  std::chrono::nanoseconds Percentile(double part) const;
  // The sum of all latencies in seconds, each taken for the middle of its bucket: within a
  // sixteenth. What took longer than 2^26 microseconds counts as that.
  double SumSeconds() const;

  // Those that are not empty, in whole microseconds: below 8 the buckets are narrower than one,
  // and are put together. `upper_us` of 0: no bound.
  struct Bucket {
    std::uint64_t lower_us = 0;
    std::uint64_t upper_us = 0;
    std::uint64_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  std::vector<Bucket> InMicroseconds() const;

  friend bool operator==(const LatencyValues&, const LatencyValues&) = default;
};

// Reads each word once. What would be below zero as a signed number, which only a damaged one is,
// reads as zero.
LatencyValues ReadLatency(const LatencyHistogram& histogram);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_LATENCY_HISTOGRAM_H_
