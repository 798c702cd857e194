#include "muster/master/events/refusal_limit.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::Optional;

constexpr loop::TimePoint kStart{std::chrono::hours(1)};

// How many of `calls` refusals of `who` at `time` are told.
int Told(RefusalLimit& limit, const std::string& who, int calls, loop::TimePoint time) {
  int told = 0;
  for (int i = 0; i < calls; ++i) told += limit.Note(who, time).has_value() ? 1 : 0;
  return told;
}

TEST(RefusalLimit, TellsEachOfAFew) {
  RefusalLimit limit;
  EXPECT_THAT(limit.Note("uid:9", kStart), Optional(0u));
}

TEST(RefusalLimit, BoundsAFlood) {
  RefusalLimit limit;
  EXPECT_EQ(Told(limit, "x", 1000, kStart), RefusalLimit::kBurst);
  EXPECT_EQ(Told(limit, "x", 1000, kStart + seconds(4)), 0);
  EXPECT_THAT(limit.Note("x", kStart + seconds(5)), Optional(1980u));
  EXPECT_EQ(Told(limit, "x", 1000, kStart + seconds(9)), 0);
  EXPECT_EQ(Told(limit, "x", 1000, kStart + seconds(21)), 3);
}

TEST(RefusalLimit, TellsAWholeBurstAgainAfterAWhile) {
  RefusalLimit limit;
  EXPECT_EQ(Told(limit, "x", 1000, kStart), RefusalLimit::kBurst);
  EXPECT_EQ(Told(limit, "x", 1000, kStart + std::chrono::hours(1)), RefusalLimit::kBurst);
  EXPECT_EQ(Told(limit, "x", 1000, kStart + std::chrono::hours(1) + seconds(5)), 1);
}

TEST(RefusalLimit, TellsOneCallerWhileAnotherFloods) {
  RefusalLimit limit;
  EXPECT_EQ(Told(limit, "loud", 1000, kStart), RefusalLimit::kBurst);
  EXPECT_THAT(limit.Note("quiet", kStart), Optional(0u));
}

TEST(RefusalLimit, IsBoundedForAnyNumberOfCallers) {
  RefusalLimit limit;
  int told = 0;
  for (int i = 0; i < 10000; ++i) told += Told(limit, absl::StrCat("uid:", i), 30, kStart);
  EXPECT_EQ(told, (static_cast<int>(RefusalLimit::kMostPrincipals) + 1) * RefusalLimit::kBurst);
  // Some of them become quiet, and make room.
  EXPECT_EQ(Told(limit, "another", 30, kStart), 0);
  for (int i = 0; i < 64; ++i) limit.Note(absl::StrCat("uid:", i), kStart + seconds(5));
  EXPECT_EQ(Told(limit, "another", 30, kStart + std::chrono::hours(1)), RefusalLimit::kBurst);
}

}  // namespace
}  // namespace muster::master
