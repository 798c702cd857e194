#include "muster/worker/http/connection_phase.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(ConnectionPhase, IsReadingWhileARequestIsNotComplete) {
  SlotStats stats;
  EXPECT_EQ(&GaugeOf(ConnectionPhase::kHead, stats), &stats.reading);
  EXPECT_EQ(&GaugeOf(ConnectionPhase::kBody, stats), &stats.reading);
}

TEST(ConnectionPhase, IsWritingWhileAnAnswerIsNotSent) {
  SlotStats stats;
  EXPECT_EQ(&GaugeOf(ConnectionPhase::kSending, stats), &stats.writing);
}

TEST(ConnectionPhase, IsWaitingBeforeARequestAndAfterTheLastAnswer) {
  SlotStats stats;
  EXPECT_EQ(&GaugeOf(ConnectionPhase::kIdle, stats), &stats.waiting);
  EXPECT_EQ(&GaugeOf(ConnectionPhase::kLingering, stats), &stats.waiting);
}

}  // namespace
}  // namespace muster::worker::http
