#include "muster/master/admin/refusal_log.h"

#include <chrono>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::Eq;
using ::testing::Optional;

constexpr loop::TimePoint kStart{std::chrono::hours(1)};

// How many of `calls` refusals at `time` get a line.
int Lines(RefusalLog& log, int calls, loop::TimePoint time) {
  int lines = 0;
  for (int i = 0; i < calls; ++i) lines += log.LineFor("x", time).has_value() ? 1 : 0;
  return lines;
}

TEST(RefusalLog, HasALineForEachOfAFew) {
  RefusalLog log;
  EXPECT_THAT(log.LineFor("Reload to uid 9", kStart),
              Optional(Eq("admin: refused Reload to uid 9")));
}

TEST(RefusalLog, IsBoundedInAFlood) {
  RefusalLog log;
  EXPECT_EQ(Lines(log, 1000, kStart), RefusalLog::kBurst);
  EXPECT_EQ(Lines(log, 1000, kStart + seconds(4)), 0);
  EXPECT_THAT(log.LineFor("x", kStart + seconds(5)),
              Optional(Eq("admin: refused x (1980 more before it)")));
  EXPECT_EQ(Lines(log, 1000, kStart + seconds(9)), 0);
  EXPECT_EQ(Lines(log, 1000, kStart + seconds(21)), 3);
}

TEST(RefusalLog, HasAWholeBurstAgainAfterAWhile) {
  RefusalLog log;
  EXPECT_EQ(Lines(log, 1000, kStart), RefusalLog::kBurst);
  EXPECT_EQ(Lines(log, 1000, kStart + std::chrono::hours(1)), RefusalLog::kBurst);
  EXPECT_EQ(Lines(log, 1000, kStart + std::chrono::hours(1) + seconds(5)), 1);
}

}  // namespace
}  // namespace muster::master
