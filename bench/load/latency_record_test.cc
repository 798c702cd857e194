#include "muster/bench/load/latency_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace muster::bench {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(LatencyRecord, SaysZeroOfNothing) {
  const LatencyRecord record;
  EXPECT_EQ(record.count(), 0u);
  EXPECT_EQ(record.max(), nanoseconds(0));
  EXPECT_EQ(record.Percentile(0.5), nanoseconds(0));
}

TEST(LatencyRecord, IsExactBelow64Nanoseconds) {
  LatencyRecord record;
  for (int i = 1; i <= 50; ++i) record.Add(nanoseconds(i));
  EXPECT_EQ(record.Percentile(0), nanoseconds(1));
  EXPECT_EQ(record.Percentile(0.5), nanoseconds(25));
  EXPECT_EQ(record.Percentile(1), nanoseconds(50));
}

TEST(LatencyRecord, DoesNotHideTheOneSlowRequestOfAThousand) {
  LatencyRecord record;
  for (int i = 0; i < 998; ++i) record.Add(nanoseconds(10));
  record.Add(seconds(1));
  record.Add(seconds(1));
  EXPECT_EQ(record.Percentile(0.99), nanoseconds(10));
  EXPECT_EQ(record.Percentile(0.999), seconds(1));
  EXPECT_EQ(record.max(), seconds(1));
}

TEST(LatencyRecord, NeverSaysLessThanTheTruthNorA64thMore) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> bits(0, 35.9);
  LatencyRecord record;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<std::int64_t>(std::exp2(bits(random)));
    all.push_back(value);
    record.Add(nanoseconds(value));
  }
  std::sort(all.begin(), all.end());
  for (const double part : {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * 100'000));
    const std::int64_t truth = all[rank - 1];
    const std::int64_t said = record.Percentile(part).count();
    EXPECT_GE(said, truth) << part;
    EXPECT_LE(said, truth + truth / 64 + 1) << part;
  }
}

TEST(LatencyRecord, CountsWhatIsOutsideOfItsRangeAtItsEnds) {
  LatencyRecord record;
  record.Add(nanoseconds(-5));
  record.Add(seconds(1000));
  EXPECT_EQ(record.count(), 2u);
  EXPECT_EQ(record.Percentile(0.5), nanoseconds(0));
  EXPECT_EQ(record.max(), seconds(1000));
}

}  // namespace
}  // namespace muster::bench
