#include "muster/master/metrics/master_counts.h"

#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using admin::v1::Event;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Pair;

class MasterCountsTest : public testing::Test {
 protected:
  void Count(Event::Kind kind, milliseconds after = milliseconds(0), const std::string& end = "") {
    Event event;
    event.set_kind(kind);
    event.mutable_worker()->set_last_end(end);
    counts_.CountEvent(event, start_ + after);
  }

  const loop::TimePoint start_{std::chrono::hours(1)};
  MasterCounts counts_;
};

TEST_F(MasterCountsTest, HaveReloadsByTheirEndAndHowLongTheyTook) {
  Count(Event::GENERATION_SERVES);  // the first
  Count(Event::RELOAD_BEGUN, milliseconds(1000));
  Count(Event::GENERATION_SERVES, milliseconds(1200));
  Count(Event::RELOAD_BEGUN, milliseconds(2000));
  Count(Event::RELOAD_REFUSED, milliseconds(2000) + std::chrono::minutes(2));
  Count(Event::RELOAD_REFUSED, std::chrono::hours(1));
  const MasterCounts::Values values = counts_.Read();
  EXPECT_EQ(values.reloads_done.count, 1u);
  EXPECT_DOUBLE_EQ(values.reloads_done.sum, 0.2);
  EXPECT_THAT(values.reloads_done.within, ElementsAre(0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(values.reloads_refused.count, 2u);
  EXPECT_DOUBLE_EQ(values.reloads_refused.sum, 120);
  EXPECT_THAT(values.reloads_refused.within, ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
}

TEST_F(MasterCountsTest, HaveCrashesByTheirReason) {
  Count(Event::WORKER_CRASHED, {}, "SIGSEGV");
  Count(Event::WORKER_CRASHED, {}, "exit 3");
  Count(Event::WORKER_CRASHED, {}, "SIGSEGV");
  Count(Event::WORKER_EXITED, {}, "exit 0");
  Count(Event::WORKER_GAVE_UP);
  Count(Event::WORKER_KILLED);
  Count(Event::WORKER_HUNG);
  const MasterCounts::Values values = counts_.Read();
  EXPECT_THAT(values.crashes, ElementsAre(Pair("SIGSEGV", 2), Pair("exit 3", 1)));
  EXPECT_EQ(values.gave_up, 1u);
  EXPECT_EQ(values.killed, 1u);
  EXPECT_EQ(values.hung, 1u);
}

TEST_F(MasterCountsTest, HaveABoundHoweverManyReasonsAWorkerInvents) {
  for (int i = 0; i < 10000; ++i) Count(Event::WORKER_CRASHED, {}, std::to_string(i));
  EXPECT_LE(counts_.Read().crashes.size(), 400u);
}

TEST_F(MasterCountsTest, HaveCallsByMethodAndCode) {
  counts_.CountCall("/muster.admin.v1.Admin/Reload", 0);
  counts_.CountCall("/muster.admin.v1.Admin/Reload", 0);
  counts_.CountCall("/muster.admin.v1.Admin/Reload", 7);
  for (int i = 0; i < 100; ++i) counts_.CountCall(std::to_string(i), 12);
  counts_.CountRefusedHandshake();
  const MasterCounts::Values values = counts_.Read();
  EXPECT_THAT(values.calls, ElementsAre(Pair(Pair("", 12), 100),
                                        Pair(Pair("/muster.admin.v1.Admin/Reload", 0), 2),
                                        Pair(Pair("/muster.admin.v1.Admin/Reload", 7), 1)));
  EXPECT_EQ(values.refused_handshakes, 1u);
}

}  // namespace
}  // namespace muster::master
