#include "muster/master/decide/worker_lifecycle.h"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using worker::Command;

constexpr TimePoint kBegin{};

// A worker in slot 3, started at kBegin, with pid 100.
class WorkerLifecycleTest : public testing::Test {
 protected:
  WorkerLifecycleTest() {
    worker_.slot = 3;
    worker_.generation = 2;
    worker_.ready_timeout = seconds(10);
    worker_.shutdown_timeout = seconds(60);
    life().Start();
    worker_.pid = 100;
    started_ = decision_.TakeActions();
  }

  WorkerLifecycle life() { return WorkerLifecycle(worker_, decision_); }
  void PassUntil(TimePoint now) { decision_ = Decision(now); }
  // What was done since the last call; of log lines the text.
  template <typename Kind>
  std::vector<Kind> Done() {
    std::vector<Kind> done;
    for (const Action& action : decision_.TakeActions()) {
      if (const auto* one = std::get_if<Kind>(&action)) done.push_back(*one);
    }
    return done;
  }

  WorkerRecord worker_;
  Decision decision_{kBegin};
  std::vector<Action> started_;
};

TEST_F(WorkerLifecycleTest, StartsAProcessInTheSlotOfTheWorker) {
  ASSERT_EQ(started_.size(), 1u);
  EXPECT_EQ(std::get<SpawnAction>(started_[0]).slot, 3u);
  EXPECT_EQ(std::get<SpawnAction>(started_[0]).generation, 2u);
}

TEST_F(WorkerLifecycleTest, GivesEachStateItsDeadline) {
  EXPECT_EQ(worker_.deadline, kBegin + seconds(10));
  life().Apply(WorkerEvent::kReady);
  EXPECT_EQ(worker_.deadline, std::nullopt);
  life().End(WorkerEvent::kDrain);
  EXPECT_EQ(worker_.deadline, kBegin + seconds(60) + WorkerLifecycle::kGrace);
}

TEST_F(WorkerLifecycleTest, DoesNotProlongADrainThatIsAskedForAgain) {
  life().End(WorkerEvent::kDrain);
  PassUntil(kBegin + seconds(30));
  life().End(WorkerEvent::kQuit);
  EXPECT_EQ(worker_.deadline, kBegin + seconds(60) + WorkerLifecycle::kGrace);
}

TEST_F(WorkerLifecycleTest, SendsTheCommandOfEachEnd) {
  life().End(WorkerEvent::kDrain);
  life().End(WorkerEvent::kQuit);
  life().End(WorkerEvent::kStop);
  const std::vector<SendAction> sent = Done<SendAction>();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].command, Command::kDrain);
  EXPECT_EQ(sent[1].command, Command::kQuit);
  EXPECT_EQ(sent[2].command, Command::kTerminate);
  EXPECT_EQ(sent[2].slot, 3u);
}

TEST_F(WorkerLifecycleTest, DoesNotWantAWorkerThatItEnds) {
  EXPECT_TRUE(worker_.is_wanted);
  life().End(WorkerEvent::kDrain);
  EXPECT_FALSE(worker_.is_wanted);
}

TEST_F(WorkerLifecycleTest, KillsAWorkerThatIsNotReadyInTime) {
  PassUntil(*worker_.deadline);
  life().OnDeadline();
  const std::vector<SignalAction> signals = Done<SignalAction>();
  ASSERT_EQ(signals.size(), 1u);
  EXPECT_EQ(signals[0].slot, 3u);
  EXPECT_EQ(signals[0].signal, SIGKILL);
  EXPECT_TRUE(worker_.was_killed);
  EXPECT_EQ(worker_.deadline, std::nullopt);
}

TEST_F(WorkerLifecycleTest, LogsWhyItKills) {
  life().OnDeadline();
  const std::vector<LogAction> log = Done<LogAction>();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].text,
            "worker 0 of generation 2 (pid 100) was not ready within 10s; it is killed");
}

TEST_F(WorkerLifecycleTest, TellsHowLongADrainMayTake) {
  life().End(WorkerEvent::kDrain);
  EXPECT_EQ(life().WhyOverdue(),
            "worker 0 of generation 2 (pid 100) did not finish within 1m and 5s of grace");
}

TEST_F(WorkerLifecycleTest, InsistsOnAStopUntilItKills) {
  life().End(WorkerEvent::kStop);
  std::vector<int> signals;
  TimePoint now = kBegin;
  while (worker_.deadline) {
    now = *worker_.deadline;
    PassUntil(now);
    life().OnDeadline();
    signals.push_back(Done<SignalAction>().at(0).signal);
  }
  EXPECT_EQ(signals, (std::vector<int>{SIGTERM, SIGTERM, SIGTERM, SIGTERM, SIGKILL}));
  EXPECT_EQ(now - kBegin, milliseconds(1550));
  EXPECT_TRUE(worker_.was_killed);
}

TEST_F(WorkerLifecycleTest, StartsAFreshProcessAfterTheBackoff) {
  worker_.ready = kBegin;
  worker_.complaint = "no memory";
  life().Apply(WorkerEvent::kEndedRetry);
  EXPECT_EQ(worker_.pid, 0);
  PassUntil(kBegin + seconds(1));
  life().OnDeadline();
  EXPECT_EQ(Done<SpawnAction>().size(), 1u);
  EXPECT_EQ(worker_.restarts, 1u);
  EXPECT_EQ(worker_.started, kBegin + seconds(1));
  EXPECT_EQ(worker_.ready, std::nullopt);
  EXPECT_EQ(worker_.complaint, "");
}

TEST_F(WorkerLifecycleTest, ReleasesTheSlotOfAWorkerThatEndedAsAsked) {
  life().End(WorkerEvent::kStop);
  life().Apply(WorkerEvent::kEnded);
  const std::vector<ReleaseSlotAction> released = Done<ReleaseSlotAction>();
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].slot, 3u);
  EXPECT_EQ(worker_.state, WorkerState::kGone);
}

}  // namespace
}  // namespace muster::master
