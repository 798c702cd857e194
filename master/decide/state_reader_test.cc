#include "muster/master/decide/state_reader.h"

#include <chrono>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/master/decide/clock.h"

namespace muster::master {
namespace {

using std::chrono::seconds;

TEST(StateReader, ReadsTimesAndDurationsAsTheyWereSaved) {
  StateReader reader("core");
  const TimePoint time = TimePoint() + seconds(1000);
  EXPECT_EQ(reader.Time("at_ns", ToSaved(time)), time);
  EXPECT_EQ(reader.Span("for_ns", ToSaved(seconds(3))), seconds(3));
  EXPECT_EQ(reader.status(), absl::OkStatus());
}

TEST(StateReader, RemembersTheFirstMistakeWithItsPlace) {
  StateReader reader("core");
  {
    const StateReader::Below worker(reader, "worker[3]");
    reader.Expect(true, "slot");
    EXPECT_EQ(reader.Span("for_ns", -1), Duration::zero());
  }
  reader.Expect(false, "serving", "it is not there");
  EXPECT_EQ(reader.status(),
            absl::InvalidArgumentError("core.worker[3].for_ns: -1 is out of bounds"));
}

TEST(StateReader, GoesUpAgain) {
  StateReader reader("core");
  { const StateReader::Below worker(reader, "worker[3]"); }
  reader.Expect(false, "serving", "it is not there");
  EXPECT_EQ(reader.status(), absl::InvalidArgumentError("core.serving: it is not there"));
}

TEST(StateReader, TakesNothingThatALaterSumCouldOverflow) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  StateReader reader("core");
  const TimePoint time = reader.Time("at_ns", kMost);
  EXPECT_FALSE(reader.status().ok());
  EXPECT_EQ(time, TimePoint());
  EXPECT_LT(StateReader::kLongest, Duration::max() / 2);
}

TEST(StateReader, HoldsASpanAgainstItsBounds) {
  StateReader reader("core");
  EXPECT_EQ(reader.Span("a", ToSaved(seconds(1)), seconds(1), seconds(2)), seconds(1));
  EXPECT_EQ(reader.Span("b", ToSaved(seconds(2)), seconds(1), seconds(2)), seconds(2));
  EXPECT_EQ(reader.status(), absl::OkStatus());
  EXPECT_EQ(reader.Span("c", ToSaved(seconds(3)), seconds(1), seconds(2)), seconds(1));
  EXPECT_EQ(reader.status(), absl::InvalidArgumentError("core.c: 3000000000 is out of bounds"));
}

}  // namespace
}  // namespace muster::master
