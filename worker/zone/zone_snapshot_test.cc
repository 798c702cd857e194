#include "muster/worker/zone/zone_snapshot.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/event_board.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr SteadyTime kNow = SteadyTime(seconds(1000));

class ZoneSnapshotTest : public testing::Test {
 protected:
  // A process in the slot, `age` old.
  ipc::OwnerTag Start(std::uint32_t slot, WorkerPhase phase, seconds age) {
    const auto tag = zone_.Reserve(slot);
    EXPECT_TRUE(tag.ok()) << tag.status();
    zone_.registry().SetProcess(*tag, ::getpid());
    zone_.registry().PublishHeartbeat(*tag, kNow - seconds(1));
    zone_.worker_status(slot).generation.Set(7);
    zone_.worker_status(slot).started.Set(
        std::chrono::nanoseconds((kNow - age).time_since_epoch()).count());
    zone_.worker_status(slot).phase.Set(static_cast<std::int64_t>(phase));
    return *tag;
  }

  const SharedZone zone_ = *SharedZone::Create(8);
};

TEST_F(ZoneSnapshotTest, TellsEachSlotThatHadAProcess) {
  Start(0, WorkerPhase::kServing, seconds(20));
  Start(2, WorkerPhase::kDraining, seconds(30));
  zone_.stats(2).requests.Add(5);

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  ASSERT_EQ(snapshot.slots.size(), 3u);
  EXPECT_EQ(snapshot.slots[0].slot, 0u);
  EXPECT_EQ(snapshot.slots[0].phase, WorkerPhase::kServing);
  EXPECT_EQ(snapshot.slots[0].pid, ::getpid());
  EXPECT_EQ(snapshot.slots[0].generation, 7u);
  EXPECT_EQ(snapshot.slots[0].age, seconds(20));
  EXPECT_EQ(snapshot.slots[0].since_heartbeat, seconds(1));
  EXPECT_EQ(snapshot.slots[1].pid, 0);
  EXPECT_EQ(snapshot.slots[2].phase, WorkerPhase::kDraining);
  EXPECT_EQ(snapshot.slots[2].counters.requests, 5u);
  EXPECT_EQ(snapshot.CountIn(WorkerPhase::kServing), 1);
  EXPECT_EQ(snapshot.CountIn(WorkerPhase::kDraining), 1);
}

TEST_F(ZoneSnapshotTest, KeepsTheTotalsOfAProcessThatDied) {
  const ipc::OwnerTag tag = Start(0, WorkerPhase::kServing, seconds(20));
  zone_.stats(0).requests.Add(5);
  zone_.stats(0).active.Add(3);
  zone_.worker_status(0).log_lines_lost.Add(4);
  RecoverSlot(zone_, tag);

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  ASSERT_EQ(snapshot.slots.size(), 1u);
  EXPECT_EQ(snapshot.slots[0].pid, 0);
  EXPECT_EQ(snapshot.slots[0].phase, WorkerPhase::kNone);
  EXPECT_EQ(snapshot.CountIn(WorkerPhase::kServing), 0);
  EXPECT_EQ(snapshot.total.requests, 5u);
  EXPECT_EQ(snapshot.slots[0].log_lines_lost, 4u);
  EXPECT_EQ(snapshot.total.active, 0u);
}

TEST_F(ZoneSnapshotTest, ShowsNoOldStatusOfASlotThatIsReserved) {
  const ipc::OwnerTag first = Start(0, WorkerPhase::kServing, seconds(20));
  RecoverSlot(zone_, first);
  ASSERT_TRUE(zone_.Reserve(0).ok());
  EXPECT_EQ(TakeSnapshot(zone_, kNow).slots[0].phase, WorkerPhase::kNone);
}

TEST_F(ZoneSnapshotTest, TellsWhatTheMasterDid) {
  zone_.master_status().pid.Set(4711);
  zone_.master_status().start_time.Set(1700000000);
  zone_.master_status().started.Set(std::chrono::nanoseconds(kNow.time_since_epoch()).count() -
                                    5'000'000'000);
  zone_.master_status().generation.Set(3);
  zone_.master_status().worker_processes.Set(4);
  zone_.master_status().reloads.Set(2);
  zone_.master_status().reloads_refused.Set(1);
  zone_.master_status().crashes.Set(9);
  zone_.master_status().log_lines_lost.Set(11);

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  EXPECT_EQ(snapshot.master_pid, 4711);
  EXPECT_EQ(snapshot.master_start_time, 1700000000);
  EXPECT_EQ(snapshot.master_uptime, seconds(5));
  EXPECT_EQ(snapshot.generation, 3u);
  EXPECT_EQ(snapshot.worker_processes, 4u);
  EXPECT_EQ(snapshot.reloads, 2u);
  EXPECT_EQ(snapshot.reloads_refused, 1u);
  EXPECT_EQ(snapshot.crashes, 9u);
  EXPECT_EQ(snapshot.master_log_lines_lost, 11u);
}

TEST_F(ZoneSnapshotTest, SurvivesADamagedStatus) {
  const ipc::OwnerTag tag = Start(0, WorkerPhase::kServing, seconds(20));
  zone_.worker_status(0).phase.Set(99);
  EXPECT_EQ(TakeSnapshot(zone_, kNow).slots[0].phase, WorkerPhase::kNone);
  zone_.worker_status(0).phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
  zone_.worker_status(0).started.Set(std::numeric_limits<std::int64_t>::max());
  zone_.worker_status(0).generation.Set(-1);
  zone_.registry().PublishHeartbeat(tag, SteadyTime::min());
  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);
  EXPECT_EQ(snapshot.slots[0].age, seconds(0));
  EXPECT_EQ(snapshot.slots[0].generation, 0u);
  EXPECT_EQ(snapshot.slots[0].since_heartbeat, seconds(0));
}

TEST_F(ZoneSnapshotTest, BoundsTheSumsOverDamagedSlots) {
  Start(0, WorkerPhase::kServing, seconds(20));
  Start(1, WorkerPhase::kServing, seconds(20));
  for (const std::uint32_t slot : {0u, 1u}) {
    zone_.stats(slot).requests.Add(kMostCounted);
    zone_.stats(slot).accepted.Add(static_cast<std::uint64_t>(-5));
    zone_.stats(slot).active.Set(std::numeric_limits<std::int64_t>::max());
  }
  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);
  EXPECT_EQ(snapshot.total.requests, kMostCounted);
  EXPECT_EQ(snapshot.total.accepted, 0u);
  EXPECT_EQ(snapshot.total.active, 2 * kHighestLevel);
}

TEST_F(ZoneSnapshotTest, SurvivesADamagedStatusOfTheMaster) {
  zone_.master_status().start_time.Set(std::numeric_limits<std::int64_t>::max());
  zone_.master_status().started.Set(std::numeric_limits<std::int64_t>::max());
  zone_.master_status().reloads.Set(-1);
  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);
  EXPECT_EQ(snapshot.master_start_time, 253402300799);
  EXPECT_EQ(snapshot.master_uptime, seconds(0));
  EXPECT_EQ(snapshot.reloads, 0u);
}

TEST_F(ZoneSnapshotTest, TellsHowLongRequestsTookInEachSlotAndInAll) {
  Start(0, WorkerPhase::kServing, seconds(20));
  Start(2, WorkerPhase::kServing, seconds(20));
  zone_.latency(0).Record(std::chrono::milliseconds(5));
  zone_.latency(2).Record(std::chrono::milliseconds(5));
  zone_.latency(2).Record(seconds(2));

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  EXPECT_EQ(snapshot.slots[0].latency.Count(), 1u);
  EXPECT_EQ(snapshot.slots[2].latency.Count(), 2u);
  EXPECT_EQ(snapshot.latency.Count(), 3u);
}

TEST_F(ZoneSnapshotTest, TellsTheRequestAtWhichAWorkerIs) {
  const ipc::OwnerTag tag = Start(1, WorkerPhase::kServing, seconds(20));
  RequestWriter(zone_.request(1)).Begin(kNow - seconds(3), {}, "GET", "/slow");

  const ZoneSnapshot during = TakeSnapshot(zone_, kNow);
  RecoverSlot(zone_, tag);
  const ZoneSnapshot after = TakeSnapshot(zone_, kNow);

  ASSERT_TRUE(during.slots[1].request.has_value());
  EXPECT_EQ(during.slots[1].request->path, "/slow");
  EXPECT_EQ(during.slots[1].request_age, seconds(3));
  EXPECT_FALSE(during.slots[0].request.has_value());
  EXPECT_FALSE(after.slots[1].request.has_value());
}

TEST_F(ZoneSnapshotTest, TellsLastWordsAfterTheProcessIsGone) {
  const ipc::OwnerTag tag = Start(0, WorkerPhase::kServing, seconds(20));
  SayLastWords(zone_.last_words(0), tag, 4711, "x.cc:1: check failed");
  RecoverSlot(zone_, tag);

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  ASSERT_TRUE(snapshot.slots[0].last_words.has_value());
  EXPECT_EQ(snapshot.slots[0].last_words->text, "x.cc:1: check failed");
  EXPECT_EQ(snapshot.slots[0].last_words->pid, 4711);
}

TEST_F(ZoneSnapshotTest, TellsTheLastEvents) {
  EventWriter events(zone_.events());
  events.Add({.kind = 4, .text = "it crashed"});

  const ZoneSnapshot snapshot = TakeSnapshot(zone_, kNow);

  ASSERT_EQ(snapshot.events.size(), 1u);
  EXPECT_EQ(snapshot.events[0].text, "it crashed");
}

}  // namespace
}  // namespace muster::worker
