#include "muster/ipc/testing/watchdog.h"

#include <unistd.h>

#include <chrono>

#include "gtest/gtest.h"

namespace muster::ipc::testing {
namespace {

constexpr std::chrono::milliseconds kTick(2);

TEST(WatchdogDeathTest, EndsAProcessWhosePhaseTakesTooLongAndNamesThePhase) {
  EXPECT_EXIT(
      {
        Watchdog watchdog(/*ticks=*/3, kTick);
        watchdog.Begin("the endless phase");
        for (;;) ::pause();
      },
      ::testing::ExitedWithCode(1), "takes too long: the endless phase");
}

TEST(WatchdogDeathTest, BeginsToCountAnewWithEachPhase) {
  EXPECT_EXIT(
      {
        Watchdog watchdog(/*ticks=*/10, kTick);
        for (int tick = 0; tick < 30; ++tick) {
          watchdog.Begin("one of many");
          ::pause();
        }
        ::_exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(WatchdogDeathTest, IsGoneWithItsObject) {
  EXPECT_EXIT(
      {
        { Watchdog watchdog(/*ticks=*/3, kTick); }
        ::_exit(::alarm(0) == 0 ? 0 : 2);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace muster::ipc::testing
