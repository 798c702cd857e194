#include "muster/worker/http/input/body_deadline.h"

#include <chrono>
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;

constexpr seconds kTimeout(60);
constexpr loop::TimePoint kBegan = loop::TimePoint(seconds(1000));

loop::TimePoint After(seconds passed, std::uint64_t received_bytes, std::uint32_t pace = 100) {
  ConnectionSettings settings;
  settings.body_timeout = kTimeout;
  settings.min_body_bytes_per_second = pace;
  return BodyDeadline(settings, received_bytes, kBegan, kBegan + passed);
}

TEST(BodyDeadline, CountsFromTheBeginOfTheBody) {
  EXPECT_EQ(After(seconds(10), 0), kBegan + kTimeout);
}

TEST(BodyDeadline, IsASecondLaterForEachOfThePace) {
  EXPECT_EQ(After(seconds(10), 500), kBegan + kTimeout + seconds(5));
}

TEST(BodyDeadline, IsNoLaterThanThePauseThatTheClientMayMake) {
  EXPECT_EQ(After(seconds(10), 5000), kBegan + seconds(10) + kTimeout);
}

TEST(BodyDeadline, KnowsOnlyThePauseWithoutAMinimum) {
  EXPECT_EQ(After(seconds(1000), 0, 0), kBegan + seconds(1000) + kTimeout);
}

TEST(BodyDeadline, StaysCountableForAnyNumberOfBytes) {
  EXPECT_EQ(After(seconds(10), std::numeric_limits<std::uint64_t>::max(), 1),
            kBegan + seconds(10) + kTimeout);
}

}  // namespace
}  // namespace muster::worker::http
