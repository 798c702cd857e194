#include "muster/master/workers/worker_pulse.h"

#include <chrono>
#include <optional>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;

// A slot of a zone, in which a worker may beat.
class WorkerPulseTest : public testing::Test {
 protected:
  std::optional<loop::Clock::duration> Since() { return SinceHeartbeat(zone_, tag_, now_); }

  const loop::TimePoint now_ = loop::Clock::now();
  const worker::SharedZone zone_ = *worker::SharedZone::Create(4);
  const ipc::OwnerTag tag_ = *zone_.Reserve(1);
};

TEST_F(WorkerPulseTest, IsUnknownBeforeTheFirstBeat) { EXPECT_EQ(Since(), std::nullopt); }

TEST_F(WorkerPulseTest, TellsHowLongAgoTheLastBeatWas) {
  zone_.registry().PublishHeartbeat(tag_, now_ - seconds(3));
  EXPECT_EQ(Since(), seconds(3));
}

TEST_F(WorkerPulseTest, TakesNoBeatFromTheFuture) {
  zone_.registry().PublishHeartbeat(tag_, now_ + seconds(3600));
  EXPECT_EQ(Since(), std::nullopt);
}

}  // namespace
}  // namespace muster::master
