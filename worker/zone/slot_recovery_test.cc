#include "muster/worker/zone/slot_recovery.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {
namespace {

SharedZone MakeZone(std::uint32_t capacity = 4) {
  auto zone = SharedZone::Create(capacity);
  EXPECT_TRUE(zone.ok()) << zone.status();
  return *std::move(zone);
}

ipc::OwnerTag Reserve(const SharedZone& zone) {
  const auto tag = zone.Reserve();
  EXPECT_TRUE(tag.ok()) << tag.status();
  return *tag;
}

TEST(RecoverSlot, GivesTheAcceptMutexBackAndTellsTheNextOwner) {
  const SharedZone zone = MakeZone();
  const ipc::OwnerTag dead = Reserve(zone);
  const ipc::OwnerTag alive = Reserve(zone);
  ipc::Mutex its(zone.accept_mutex_state(), zone.registry(), dead);
  ipc::Mutex ours(zone.accept_mutex_state(), zone.registry(), alive);
  ASSERT_EQ(its.TryLock(), ipc::LockOutcome::kAcquired);
  ASSERT_EQ(ours.TryLock(), ipc::LockOutcome::kBusy);
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.accept_mutex_state()->word, ipc::kAbandonedWord) << "before anybody looks";
  EXPECT_EQ(ours.TryLock(), ipc::LockOutcome::kOwnerDied);
}

TEST(RecoverSlot, ClearsWhatTheWorkerSaidOfItself) {
  const SharedZone zone = MakeZone();
  const ipc::OwnerTag dead = Reserve(zone);
  zone.worker_status(dead.slot()).phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
  RequestWriter(zone.request(dead.slot())).Begin({}, {}, "GET", "/");
  RecoverSlot(zone, dead);
  EXPECT_EQ(ReadPhase(zone.worker_status(dead.slot())), WorkerPhase::kNone);
  EXPECT_FALSE(ReadRequest(zone.request(dead.slot())).has_value());
}

TEST(RecoverSlot, KeepsWhatTheWorkerSaidLast) {
  const SharedZone zone = MakeZone();
  const ipc::OwnerTag dead = Reserve(zone);
  SayLastWords(zone.last_words(dead.slot()), dead, 4711, "it broke");
  RecoverSlot(zone, dead);
  EXPECT_EQ(ReadLastWords(zone.last_words(dead.slot()))->text, "it broke");
}

TEST(RecoverSlot, ClearsTheGaugesAndKeepsTheTotals) {
  const SharedZone zone = MakeZone();
  const ipc::OwnerTag dead = Reserve(zone);
  zone.stats(dead.slot()).active.Set(9);
  zone.stats(dead.slot()).accepted.Add(20);
  zone.worker_status(dead.slot()).log_lines_lost.Add(30);
  zone.worker_status(dead.slot()).refused_over_limit.Add(40);
  zone.worker_status(dead.slot()).refused_by_proxy_protocol.Add(50);
  zone.latency(dead.slot()).Record(std::chrono::seconds(1));
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.Sum().active, 0u);
  EXPECT_EQ(zone.Sum().accepted, 20u);
  EXPECT_EQ(ReadLatency(zone.latency(dead.slot())).Count(), 1u);
  EXPECT_EQ(zone.worker_status(dead.slot()).log_lines_lost.value(), 30u);
  EXPECT_EQ(zone.worker_status(dead.slot()).refused_over_limit.value(), 40u);
  EXPECT_EQ(zone.worker_status(dead.slot()).refused_by_proxy_protocol.value(), 50u);
}

TEST(RecoverSlot, LeavesTheNextProcessOfTheSlotAlone) {
  const SharedZone zone = MakeZone(1);
  const ipc::OwnerTag dead = Reserve(zone);
  RecoverSlot(zone, dead);
  const ipc::OwnerTag next = Reserve(zone);
  ASSERT_EQ(next.slot(), dead.slot());
  zone.stats(next.slot()).active.Set(1);
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.Sum().active, 1u);
  EXPECT_TRUE(zone.registry().IsLive(next));
}

TEST(RecoverSlot, LeavesADeadSuccessorInTheSlotToARecoveryOfItsOwn) {
  const SharedZone zone = MakeZone(1);
  const ipc::OwnerTag dead = Reserve(zone);
  RecoverSlot(zone, dead);
  const ipc::OwnerTag next = Reserve(zone);
  zone.stats(next.slot()).active.Set(1);
  ASSERT_TRUE(zone.registry().MarkDead(next));
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.Sum().active, 1u);
}

// As if the first call had not come to its end.
TEST(RecoverSlot, FinishesWhatWasBegun) {
  const SharedZone zone = MakeZone(1);
  const ipc::OwnerTag dead = Reserve(zone);
  zone.stats(dead.slot()).active.Set(1);
  ASSERT_TRUE(zone.slot_table().MarkDead(dead));
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.Sum().active, 0u);
  EXPECT_TRUE(zone.Reserve().ok());
}

TEST(RecoverSlot, IsNotMisledByADamagedRegistry) {
  const SharedZone zone = MakeZone(1);
  const ipc::OwnerTag dead = Reserve(zone);
  zone.stats(dead.slot()).active.Set(1);
  zone.registry().Store(ipc::OwnerTag(0, 77), ipc::ParticipantState::kLive);
  RecoverSlot(zone, dead);
  EXPECT_EQ(zone.Sum().active, 0u);
  EXPECT_TRUE(zone.Reserve(0).ok());
}

TEST(RecoverSlot, IgnoresATagOfNobody) {
  const SharedZone zone = MakeZone();
  RecoverSlot(zone, ipc::OwnerTag());
  RecoverSlot(zone, ipc::OwnerTag(99, 1));
  EXPECT_EQ(Reserve(zone).slot(), 0u);
}

}  // namespace
}  // namespace muster::worker
