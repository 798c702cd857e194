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

  void CountAttempt(Event::Kind kind, std::uint64_t attempt, milliseconds after) {
    Event event;
    event.set_kind(kind);
    event.set_attempt(attempt);
    counts_.CountEvent(event, start_ + after);
  }

  const loop::TimePoint start_{std::chrono::hours(1)};
  MasterCounts counts_;
};

TEST_F(MasterCountsTest, HaveReloadsByTheirEndAndHowLongTheyTook) {
  CountAttempt(Event::GENERATION_SERVES, 0, {});  // the first
  CountAttempt(Event::RELOAD_BEGUN, 1, milliseconds(1000));
  CountAttempt(Event::GENERATION_SERVES, 1, milliseconds(1200));
  CountAttempt(Event::RELOAD_BEGUN, 2, milliseconds(2000));
  CountAttempt(Event::RELOAD_REFUSED, 2, milliseconds(2000) + std::chrono::minutes(2));
  CountAttempt(Event::RELOAD_REFUSED, 0, std::chrono::hours(1));
  const MasterCounts::Values values = counts_.Read();
  EXPECT_EQ(values.reloads_done.count, 1u);
  EXPECT_DOUBLE_EQ(values.reloads_done.sum, 0.2);
  EXPECT_THAT(values.reloads_done.within, ElementsAre(0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(values.reloads_refused.count, 2u);
  EXPECT_DOUBLE_EQ(values.reloads_refused.sum, 120);
  EXPECT_THAT(values.reloads_refused.within, ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
}

TEST_F(MasterCountsTest, LetTheClockOfAReloadRunWhileAnotherOneIsRefused) {
  CountAttempt(Event::RELOAD_BEGUN, 3, milliseconds(1000));
  CountAttempt(Event::RELOAD_REFUSED, 0, milliseconds(1500));  // too many wait
  CountAttempt(Event::GENERATION_SERVES, 3, milliseconds(3000));
  const MasterCounts::Values values = counts_.Read();
  EXPECT_EQ(values.reloads_refused.count, 1u);
  EXPECT_DOUBLE_EQ(values.reloads_refused.sum, 0);
  EXPECT_EQ(values.reloads_done.count, 1u);
  EXPECT_DOUBLE_EQ(values.reloads_done.sum, 2);
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

TEST_F(MasterCountsTest, GoOnInAnotherProgram) {
  CountAttempt(Event::RELOAD_BEGUN, 1, milliseconds(0));
  CountAttempt(Event::GENERATION_SERVES, 1, milliseconds(200));
  CountAttempt(Event::RELOAD_REFUSED, 0, milliseconds(300));
  Count(Event::WORKER_CRASHED, {}, "SIGSEGV");
  Count(Event::WORKER_GAVE_UP);
  Count(Event::WORKER_KILLED);
  Count(Event::WORKER_HUNG);
  counts_.CountCall("/muster.admin.v1.Admin/Reload", 0);
  counts_.CountCall("/no/such", 12);
  counts_.CountOverBound(true);
  counts_.CountOverBound(false);
  counts_.CountRefusedHandshake();
  MasterCounts next;
  const absl::Status status = next.Restore(counts_.Save());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(next.Save().SerializeAsString(), counts_.Save().SerializeAsString());
  const MasterCounts::Values values = next.Read();
  EXPECT_EQ(values.reloads_done.count, 1u);
  EXPECT_DOUBLE_EQ(values.reloads_done.sum, 0.2);
  EXPECT_EQ(values.reloads_refused.count, 1u);
  EXPECT_THAT(values.crashes, ElementsAre(Pair("SIGSEGV", 1u)));
  EXPECT_EQ(values.gave_up + values.killed + values.hung, 3u);
  EXPECT_EQ(values.calls.size(), 2u);
  EXPECT_EQ(values.calls_over_bound + values.streams_over_bound + values.refused_handshakes, 3u);
}

TEST_F(MasterCountsTest, RefuseAHistogramWithOtherBounds) {
  state::v1::MasterCountsState state = counts_.Save();
  state.mutable_reloads_refused()->add_within(1);
  EXPECT_EQ(counts_.Restore(state).message(),
            "counts.reloads_refused.within: has 11 bounds, not 10");
}

}  // namespace
}  // namespace muster::master
