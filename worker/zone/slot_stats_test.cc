#include "muster/worker/zone/slot_stats.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

SlotStats* FillIn(SlotStats* stats, int first) {
  stats->accepted.Add(first);
  stats->handled.Add(first + 1);
  stats->requests.Add(first + 2);
  stats->bytes_received.Add(first + 3);
  stats->bytes_sent.Add(first + 4);
  stats->closed_at_deadline.Add(first + 5);
  stats->handed_off.Add(first + 6);
  stats->adopted.Add(first + 7);
  stats->active.Set(first + 8);
  stats->reading.Set(first + 9);
  stats->writing.Set(first + 10);
  stats->waiting.Set(first + 11);
  for (int i = 0; i < 4; ++i) stats->responses[i].Add(first + 12 + i);
  return stats;
}

StatsValues Values(std::uint64_t first, std::uint64_t step) {
  return {first,
          first + step,
          first + 2 * step,
          first + 3 * step,
          first + 4 * step,
          first + 5 * step,
          first + 6 * step,
          first + 7 * step,
          first + 8 * step,
          first + 9 * step,
          first + 10 * step,
          first + 11 * step,
          {first + 12 * step, first + 13 * step, first + 14 * step, first + 15 * step}};
}

TEST(SlotStats, AreReadFieldByField) {
  SlotStats stats;
  EXPECT_EQ(ReadStats(*FillIn(&stats, 100)), Values(100, 1));
}

TEST(SlotStats, AddUpFieldByField) {
  SlotStats stats;
  StatsValues sum = ReadStats(*FillIn(&stats, 100));
  sum += sum;
  EXPECT_EQ(sum, Values(200, 2));
}

TEST(SlotStats, TellTheTotalsSinceThen) {
  SlotStats stats;
  const StatsValues now = ReadStats(*FillIn(&stats, 100));
  EXPECT_EQ(now.Since(Values(10, 2)),
            (StatsValues{90, 89, 88, 87, 86, 85, 84, 83, 108, 109, 110, 111, {78, 77, 76, 75}}));
  EXPECT_EQ(StatsValues{}.Since(now), StatsValues{});
}

TEST(SlotStats, KeepTheirTotalsWhenTheGaugesAreCleared) {
  SlotStats stats;
  FillIn(&stats, 100)->ClearGauges();
  EXPECT_EQ(
      ReadStats(stats),
      (StatsValues{100, 101, 102, 103, 104, 105, 106, 107, 0, 0, 0, 0, {112, 113, 114, 115}}));
}

TEST(SlotStats, CountResponsesByTheHundredsOfTheirStatus) {
  SlotStats stats;
  for (const int status : {200, 206, 304, 404, 431, 499, 503}) stats.CountResponse(status);
  EXPECT_EQ(ReadStats(stats).responses, (std::array<std::uint64_t, 4>{2, 1, 3, 1}));
}

TEST(SlotStats, ReadAGaugeBelowZeroAsZero) {
  SlotStats stats;
  stats.active.Set(-1);
  EXPECT_EQ(ReadStats(stats).active, 0u);
}

TEST(SlotStats, ReadATotalBelowZeroAsZero) {
  SlotStats stats;
  stats.requests.Add(static_cast<std::uint64_t>(-5));
  EXPECT_EQ(ReadStats(stats).requests, 0u);
}

TEST(SlotStats, ReadAGaugeThatNobodyReachesAsTheHighest) {
  SlotStats stats;
  stats.active.Set(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(ReadStats(stats).active, kHighestLevel);
}

TEST(SlotStats, AddUpToTheMostThatCanBeCounted) {
  SlotStats stats;
  stats.requests.Add(kMostCounted);
  StatsValues sum = ReadStats(stats);
  for (int i = 0; i < 3; ++i) sum += ReadStats(stats);
  EXPECT_EQ(sum.requests, kMostCounted);
}

}  // namespace
}  // namespace muster::worker
