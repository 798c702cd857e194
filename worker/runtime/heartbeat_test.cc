#include "muster/worker/runtime/heartbeat.h"

#include <chrono>
#include <optional>

#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/loop/test_timers.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HeartbeatTest : public ::testing::Test {
 protected:
  // The time of the last beat, after the timers' start.
  loop::Clock::duration Last() const {
    return zone_.registry().Read(tag_.slot())->heartbeat - loop::TimePoint();
  }

  const SharedZone zone_ = *SharedZone::Create(4);
  const ipc::OwnerTag tag_ = *zone_.Reserve();
  loop::TestTimers timers_;
};

TEST_F(HeartbeatTest, BeginsAtOnce) {
  timers_.RunAt(seconds(5));
  const Heartbeat heartbeat(timers_, zone_.registry(), tag_, [] {});
  EXPECT_EQ(Last(), seconds(5));
}

TEST_F(HeartbeatTest, BeatsOnceASecond) {
  timers_.RunAt(seconds(5));
  const Heartbeat heartbeat(timers_, zone_.registry(), tag_, [] {});
  timers_.RunAt(milliseconds(5999));
  EXPECT_EQ(Last(), seconds(5));
  timers_.RunAt(seconds(6));
  EXPECT_EQ(Last(), seconds(6));
  timers_.RunAt(milliseconds(7001));
  EXPECT_EQ(Last(), milliseconds(7001));
}

TEST_F(HeartbeatTest, DoesNotMakeUpForBeatsThatItMissed) {
  int beats = 0;
  const Heartbeat heartbeat(timers_, zone_.registry(), tag_, [&] { ++beats; });
  timers_.RunAt(seconds(60));
  EXPECT_EQ(beats, 2);
  EXPECT_EQ(timers_.UntilNext(), loop::Clock::duration(seconds(1)));
}

TEST_F(HeartbeatTest, CallsBackAfterEachBeat) {
  std::optional<loop::Clock::duration> seen;
  const Heartbeat heartbeat(timers_, zone_.registry(), tag_, [&] { seen = Last(); });
  EXPECT_EQ(seen, seconds(0));
  timers_.RunAt(seconds(1));
  EXPECT_EQ(seen, seconds(1));
}

TEST_F(HeartbeatTest, EndsWithItsObject) {
  std::optional<Heartbeat> heartbeat;
  heartbeat.emplace(timers_, zone_.registry(), tag_, [] {});
  timers_.RunAt(seconds(1));
  heartbeat.reset();
  timers_.RunAt(seconds(2));
  EXPECT_EQ(Last(), seconds(1));
}

}  // namespace
}  // namespace muster::worker
