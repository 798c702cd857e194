#include "muster/master/decide/worker_lifecycle.h"

#include <chrono>
#include <csignal>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kBegin{};
const Settings kSettings = {
    .workers = 1, .ready_timeout = seconds(10), .shutdown_timeout = seconds(60)};

TEST(WorkerLifecycle, TakesTheFirstFreeSlot) {
  WorkerLifecycle table(8);
  std::vector<Action> actions;
  EXPECT_EQ(table.Add(1, 0, kSettings, kBegin, &actions)->slot, 0u);
  EXPECT_EQ(table.Add(1, 1, kSettings, kBegin, &actions)->slot, 1u);
  EXPECT_EQ(table.Add(1, 2, kSettings, kBegin, &actions)->slot, 2u);
  WorkerLifecycle::Apply(*table.Find(1), WorkerEvent::kEnded, kBegin, &actions);
  table.Sweep();
  EXPECT_EQ(table.Add(2, 0, kSettings, kBegin, &actions)->slot, 1u);
}

TEST(WorkerLifecycle, AddsNothingWhenNoSlotIsFree) {
  WorkerLifecycle table(1);
  std::vector<Action> actions;
  EXPECT_NE(table.Add(1, 0, kSettings, kBegin, &actions), nullptr);
  EXPECT_EQ(table.free_slots(), 0u);
  EXPECT_EQ(table.Add(1, 1, kSettings, kBegin, &actions), nullptr);
}

TEST(WorkerLifecycle, KeepsASlotTakenUntilItsReleaseWasSwept) {
  WorkerLifecycle table(1);
  std::vector<Action> actions;
  WorkerRecord* worker = table.Add(1, 0, kSettings, kBegin, &actions);
  WorkerLifecycle::Apply(*worker, WorkerEvent::kEnded, kBegin, &actions);
  EXPECT_EQ(table.Add(2, 0, kSettings, kBegin, &actions), nullptr);
  table.Sweep();
  EXPECT_NE(table.Add(2, 0, kSettings, kBegin, &actions), nullptr);
}

TEST(WorkerLifecycle, GivesEachStateItsDeadline) {
  WorkerLifecycle table(8);
  std::vector<Action> actions;
  WorkerRecord* worker = table.Add(1, 0, kSettings, kBegin, &actions);
  EXPECT_EQ(table.next_deadline(), kBegin + seconds(10));
  WorkerLifecycle::Apply(*worker, WorkerEvent::kReady, kBegin, &actions);
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  WorkerLifecycle::End(*worker, WorkerEvent::kDrain, kBegin, &actions);
  EXPECT_EQ(table.next_deadline(), kBegin + seconds(60) + WorkerLifecycle::kGrace);
}

TEST(WorkerLifecycle, DoesNotProlongADrainThatIsAskedForAgain) {
  WorkerLifecycle table(8);
  std::vector<Action> actions;
  WorkerRecord* worker = table.Add(1, 0, kSettings, kBegin, &actions);
  WorkerLifecycle::End(*worker, WorkerEvent::kDrain, kBegin, &actions);
  WorkerLifecycle::End(*worker, WorkerEvent::kQuit, kBegin + seconds(30), &actions);
  EXPECT_EQ(table.next_deadline(), kBegin + seconds(60) + WorkerLifecycle::kGrace);
}

TEST(WorkerLifecycle, InsistsOnAStopUntilItKills) {
  WorkerLifecycle table(8);
  std::vector<Action> actions;
  WorkerRecord* worker = table.Add(1, 0, kSettings, kBegin, &actions);
  WorkerLifecycle::End(*worker, WorkerEvent::kStop, kBegin, &actions);
  std::vector<int> signals;
  TimePoint now = kBegin;
  while (worker->deadline) {
    now = *worker->deadline;
    actions.clear();
    WorkerLifecycle::Insist(*worker, now, &actions);
    signals.push_back(std::get<SignalAction>(actions.at(0)).signal);
  }
  EXPECT_EQ(signals, (std::vector<int>{SIGTERM, SIGTERM, SIGTERM, SIGTERM, SIGKILL}));
  EXPECT_EQ(now - kBegin, milliseconds(1550));
  EXPECT_TRUE(worker->was_killed);
}

}  // namespace
}  // namespace muster::master
