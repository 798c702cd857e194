#include "muster/worker/zone/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// The bucket by its definition, in real numbers.
std::size_t SlowBucketOf(nanoseconds latency) {
  const double us = static_cast<double>(latency.count()) / 1000;
  for (int octave = 0; octave < 26; ++octave) {
    for (int eighth = 0; eighth < 8; ++eighth) {
      const double begin = std::ldexp(1.0, octave) * (1 + eighth / 8.0);
      if (us < begin) return static_cast<std::size_t>(8 * octave + eighth);
    }
  }
  return us < std::ldexp(1.0, 26) ? kLatencyBuckets - 2 : kLatencyBuckets - 1;
}

// As many latencies as asked for, spread over all powers of two.
std::vector<nanoseconds> SomeLatencies(std::size_t count, std::uint32_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> exponent(0, 36);  // 1 ns to 69 s
  std::vector<nanoseconds> latencies;
  for (std::size_t i = 0; i < count; ++i) {
    latencies.emplace_back(static_cast<std::int64_t>(std::exp2(exponent(random))));
  }
  return latencies;
}

LatencyValues Recorded(const std::vector<nanoseconds>& latencies) {
  LatencyHistogram histogram = {};
  for (const nanoseconds latency : latencies) histogram.Record(latency);
  return ReadLatency(histogram);
}

// The nearest rank in the sorted list.
nanoseconds SlowPercentile(std::vector<nanoseconds> latencies, double part) {
  std::sort(latencies.begin(), latencies.end());
  const double rank = std::ceil(part * static_cast<double>(latencies.size()));
  return latencies[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

TEST(LatencyHistogram, FindsTheBucketThatTheDefinitionGives) {
  for (const nanoseconds latency : SomeLatencies(20000, 1)) {
    ASSERT_EQ(LatencyBucketOf(latency), SlowBucketOf(latency)) << latency.count();
  }
}

TEST(LatencyHistogram, CountsABoundInTheBucketThatItBegins) {
  for (std::size_t bucket = 1; bucket < kLatencyBuckets; ++bucket) {
    const nanoseconds begin = LatencyBucketBegin(bucket);
    EXPECT_EQ(LatencyBucketOf(begin), bucket);
    EXPECT_EQ(LatencyBucketOf(begin - nanoseconds(1)), bucket - 1);
    EXPECT_EQ(SlowBucketOf(begin), bucket);
  }
  EXPECT_EQ(LatencyBucketBegin(1), microseconds(1));
  EXPECT_EQ(LatencyBucketBegin(kLatencyBuckets - 1), microseconds(1 << 26));
}

TEST(LatencyHistogram, TakesWhatNoClockTells) {
  EXPECT_EQ(LatencyBucketOf(nanoseconds(-1)), 0u);
  EXPECT_EQ(LatencyBucketOf(nanoseconds::min()), 0u);
  EXPECT_EQ(LatencyBucketOf(nanoseconds::max()), kLatencyBuckets - 1);
}

TEST(LatencyValues, TellsPercentilesWithinAnEighth) {
  const std::vector<double> parts = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
  for (const std::size_t count : {1u, 2u, 7u, 100u, 5000u}) {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      std::vector<nanoseconds> latencies = SomeLatencies(count, seed);
      for (nanoseconds& latency : latencies) latency += microseconds(1);
      const LatencyValues values = Recorded(latencies);
      for (const double part : parts) {
        const auto exact = static_cast<double>(SlowPercentile(latencies, part).count());
        const auto told = static_cast<double>(values.Percentile(part).count());
        if (exact >= 1000.0 * (1 << 26)) continue;  // behind the buckets
        ASSERT_LE(std::abs(told - exact), exact / 8) << count << " " << seed << " " << part;
      }
    }
  }
}

TEST(LatencyValues, InterpolatesWithinABucket) {
  // From 1024 to 1152 microseconds.
  const LatencyValues values = Recorded(std::vector<nanoseconds>(4, microseconds(1030)));
  EXPECT_EQ(values.Percentile(0.25), microseconds(1024 + 32));
  EXPECT_EQ(values.Percentile(0.5), microseconds(1024 + 64));
  EXPECT_EQ(values.Percentile(1), microseconds(1152));
}

TEST(LatencyValues, TellsTheEndsOfWhatItCounts) {
  EXPECT_EQ(LatencyValues().Percentile(0.5), nanoseconds(0));
  EXPECT_EQ(Recorded({nanoseconds(3)}).Percentile(1), microseconds(1));
  EXPECT_EQ(Recorded({seconds(500)}).Percentile(0.5), microseconds(1 << 26));
}

TEST(LatencyValues, AddsUpToWhatOneHistogramOfAllWouldHave) {
  const std::vector<nanoseconds> some = SomeLatencies(300, 1);
  const std::vector<nanoseconds> others = SomeLatencies(200, 2);
  std::vector<nanoseconds> all = some;
  all.insert(all.end(), others.begin(), others.end());
  LatencyValues sum = Recorded(some);
  sum += Recorded(others);
  EXPECT_EQ(sum, Recorded(all));
  EXPECT_EQ(sum.Count(), 500u);
  EXPECT_EQ(sum.Since(Recorded(some)), Recorded(others));
  EXPECT_EQ(Recorded(some).Since(sum).Count(), 0u) << "nothing is below zero";
}

TEST(LatencyValues, CountsThoseBelowABound) {
  const std::vector<nanoseconds> latencies = SomeLatencies(2000, 3);
  const LatencyValues values = Recorded(latencies);
  for (std::size_t bucket = 1; bucket < kLatencyBuckets; ++bucket) {
    const nanoseconds bound = LatencyBucketBegin(bucket);
    EXPECT_EQ(values.CountBelow(bound),
              static_cast<std::uint64_t>(
                  std::count_if(latencies.begin(), latencies.end(),
                                [bound](nanoseconds latency) { return latency < bound; })));
  }
}

TEST(LatencyValues, AddsUpTheTimeWithinASixteenth) {
  const std::vector<nanoseconds> latencies(1000, microseconds(1100));
  EXPECT_NEAR(Recorded(latencies).SumSeconds(), 1.1, 1.1 / 16);
  EXPECT_EQ(LatencyValues().SumSeconds(), 0);
}

TEST(LatencyValues, TellsItsBucketsInWholeMicroseconds) {
  const LatencyValues values =
      Recorded({nanoseconds(1), nanoseconds(1100), nanoseconds(1900), nanoseconds(5200),
                nanoseconds(5700), microseconds(8), milliseconds(2), seconds(1000)});
  using Bucket = LatencyValues::Bucket;
  EXPECT_EQ(values.InMicroseconds(),
            (std::vector<Bucket>{
                {0, 1, 1}, {1, 2, 2}, {5, 6, 2}, {8, 9, 1}, {1920, 2048, 1}, {1 << 26, 0, 1}}));
}

TEST(LatencyValues, AreBoundedIfTheMemoryIsDamaged) {
  LatencyHistogram histogram = {};
  histogram.buckets[5].Add(std::numeric_limits<std::uint64_t>::max());
  histogram.buckets[6].Add(kMostCounted);
  histogram.buckets[7].Add(kMostCounted);
  LatencyValues values = ReadLatency(histogram);
  EXPECT_EQ(values.buckets[5], 0u);
  EXPECT_EQ(values.Count(), kMostCounted);
  values += values;
  EXPECT_EQ(values.buckets[6], kMostCounted);
  EXPECT_LE(values.Percentile(0.999), LatencyBucketBegin(8));
}

}  // namespace
}  // namespace muster::worker
