#include "muster/ipc/testing/patience.h"

#include <chrono>
#include <vector>

#include "gtest/gtest.h"

namespace muster::ipc::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Verdict = Patience::Verdict;

constexpr Patience::Clock::time_point kBegin{seconds(1000)};

// How many looks, one each millisecond, it takes until the verdict is no longer kWaitOn.
struct Judgement {
  Verdict verdict;
  int looks;
};

// `see` returns what the look with this number sees.
template <typename See>
Judgement Judge(See see, nanoseconds interval = milliseconds(1)) {
  Patience patience;
  for (int look = 0; look < 100'000; ++look) {
    const Verdict verdict = patience.Note(kBegin + look * interval, see(look));
    if (verdict != Verdict::kWaitOn) return {verdict, look};
  }
  return {Verdict::kWaitOn, 0};
}

using Sights = std::vector<Sight>;

TEST(Patience, EndsWhenNobodyHasMovedForLong) {
  const Judgement judgement = Judge([](int) { return Sights{{true, seconds(1)}, {true, {}}}; });
  EXPECT_EQ(judgement.verdict, Verdict::kAsleep);
  EXPECT_EQ(judgement.looks, 150);
}

TEST(Patience, IsGivenAnewByWhoeverRanBetweenTwoLooks) {
  Patience patience;
  for (int look = 0; look < 1000; ++look) {
    const nanoseconds ran = microseconds(look / 100);
    EXPECT_EQ(patience.Note(kBegin + look * milliseconds(1), {{true, ran}}), Verdict::kWaitOn);
  }
}

TEST(Patience, EndsWhenWhoeverDoesNotSleepHasSpunForLong) {
  const Judgement judgement = Judge([](int look) {
    return Sights{{true, {}}, {false, look * milliseconds(1)}};
  });
  EXPECT_EQ(judgement.verdict, Verdict::kSpinning);
  EXPECT_EQ(judgement.looks, 150);
}

TEST(Patience, HasAllTheTimeForWhoeverGetsNoProcessorWhileAnotherSpins) {
  // The second one is ready to run, and has had its first millisecond after nine seconds.
  const Judgement judgement = Judge([](int look) {
    return Sights{{false, look * milliseconds(1)}, {false, look / 9000 * milliseconds(1)}};
  });
  EXPECT_EQ(judgement.verdict, Verdict::kRestless);
}

TEST(Patience, EndsAtLastWhenTheySleepAndRunInTurn) {
  const Judgement judgement = Judge([](int look) {
    return Sights{{look % 10 != 0, look / 10 * microseconds(20)}};
  });
  EXPECT_EQ(judgement.verdict, Verdict::kRestless);
  EXPECT_EQ(judgement.looks, 10'000);
}

TEST(Patience, ConcludesNothingFromTheHarnesssOwnAbsence) {
  const auto asleep = [](int) { return Sights{{true, {}}}; };
  EXPECT_EQ(Judge(asleep, seconds(5)).looks, 15);
  const auto spinning = [](int look) { return Sights{{false, look * seconds(5)}}; };
  EXPECT_EQ(Judge(spinning, seconds(5)).looks, 15);
}

TEST(Patience, AcceptsProcessesThatJoinLater) {
  const Judgement judgement = Judge([](int look) {
    Sights sights{{true, {}}};
    if (look >= 100) sights.push_back({look >= 120, microseconds(5)});
    return sights;
  });
  EXPECT_EQ(judgement.verdict, Verdict::kAsleep);
  EXPECT_EQ(judgement.looks, 269);
}

}  // namespace
}  // namespace muster::ipc::testing
