#include "muster/bench/duel.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/pthread_peers.h"

namespace muster::bench {
namespace {

using std::chrono::milliseconds;

Contestant Locked() { return CountUnder<LockedCount<PthreadSpinlock>>("spinlock"); }

Contestant Broken() {
  return Contestant{.name = "broken",
                    .play = [](Turn& turn) { turn.Repeat<1>([] {}); },
                    .check = [](std::uint64_t) { return absl::DataLossError("payload lost"); }};
}

TEST(Median, IsTheMiddleOne) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Median({}), 0);
}

TEST(Round, CountsWhatBothProcessesDid) {
  const auto cost = RunRound(Locked(), Processes::kTwo, milliseconds(1));
  ASSERT_TRUE(cost.ok()) << cost.status();
  EXPECT_GT(*cost, 0);
}

TEST(Round, SaysWhoseCheckFailed) {
  const auto cost = RunRound(Broken(), Processes::kOne, milliseconds(1));
  EXPECT_EQ(cost.status().message(), "broken: payload lost");
}

TEST(Round, SaysWhoWasKilledBySignal) {
  Contestant crashing = Locked();
  crashing.name = "crashing";
  crashing.play = [](Turn&) { std::abort(); };
  const auto cost = RunRound(crashing, Processes::kOne, milliseconds(1));
  EXPECT_EQ(cost.status().message(), "crashing: killed by signal 6");
}

TEST(Duel, ComparesWhatRanInTurns) {
  const auto result = RunDuel({.what = "nothing",
                               .processes = Processes::kOne,
                               .ours = Locked(),
                               .peer = Locked(),
                               .target = 1000},
                              3, milliseconds(1));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->ratio, 0);
  EXPECT_LE(result->ours.minimum, result->ours.median);
  EXPECT_LE(result->peer.minimum, result->peer.median);
  EXPECT_TRUE(result->met());
}

TEST(Duel, FailsWithItsPeer) {
  const auto result =
      RunDuel({.what = "nothing", .ours = Locked(), .peer = Broken()}, 1, milliseconds(1));
  EXPECT_EQ(result.status().message(), "broken: payload lost");
}

}  // namespace
}  // namespace muster::bench
