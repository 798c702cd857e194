#include "muster/master/decide/changeover.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Generation 2 has begun to serve with one worker, in slot 1; that of generation 1 is in slot 0.
class ChangeoverTest : public testing::Test {
 protected:
  ChangeoverTest() {
    WorkerRecord& old = *workers_.Take(1, 0, settings_);
    old.pid = 100;
    old.state = WorkerState::kDraining;
    old.is_wanted = false;
    old.unacknowledged = 7;
    WorkerRecord& serving = *workers_.Take(2, 0, settings_);
    serving.pid = 101;
    serving.state = WorkerState::kServing;
    serving.unacknowledged = 8;
  }
  void Begin(const std::set<std::uint64_t>& ended = {}) {
    changeover_.Begin(workers_, 2, ended, seconds(5), now_);
  }
  void Acknowledge(std::uint32_t slot) {
    EXPECT_TRUE(changeover_.Acknowledge({slot, slot == 0 ? 7u : 8u, ""}));
  }
  void Exit(std::uint32_t slot, const ipc::ProcessExit& exit, std::uint64_t connections = 0) {
    WorkerRecord& worker = *workers_.Find(slot);
    worker.last_exit = worker.HowItEnded(exit);
    changeover_.OnExit(worker, {slot, exit, connections});
  }
  Outcome End() { return changeover_.End(decision_); }

  Settings settings_;
  WorkerSlots workers_{8};
  TimePoint now_ = TimePoint() + seconds(100);
  Decision decision_{now_};
  Changeover changeover_;
};

TEST_F(ChangeoverTest, IsOverWhenAllHaveAcknowledged) {
  Begin();
  Acknowledge(1);
  EXPECT_FALSE(changeover_.is_over());
  Acknowledge(0);
  EXPECT_TRUE(changeover_.is_over());
  EXPECT_THAT(End().warnings, IsEmpty());
}

TEST_F(ChangeoverTest, TakesNoAcknowledgementOfSomethingElse) {
  Begin();
  EXPECT_FALSE(changeover_.Acknowledge({0, 6, ""}));
  EXPECT_FALSE(changeover_.Acknowledge({5, 7, ""}));
  EXPECT_FALSE(changeover_.is_over());
}

TEST_F(ChangeoverTest, AddsUpWhatTheOldWorkersHold) {
  Begin();
  EXPECT_TRUE(changeover_.Acknowledge({0, 7, "", /*held=*/5, /*kept=*/3}));
  Acknowledge(1);
  const Outcome outcome = End();
  EXPECT_EQ(outcome.connections_held, 5u);
  EXPECT_EQ(outcome.connections_kept, 3u);
  EXPECT_THAT(outcome.warnings,
              ElementsAre("worker 0 of generation 1 (pid 100) goes on serving 3 connections, for "
                          "which no new worker has room"));
}

TEST_F(ChangeoverTest, WarnsOfAWorkerThatServesLessThanItShould) {
  Begin();
  EXPECT_TRUE(changeover_.Acknowledge({1, 8, "nothing is accepted on 127.0.0.1:80"}));
  Acknowledge(0);
  EXPECT_THAT(End().warnings, ElementsAre("worker 0 of generation 2 (pid 101): nothing is accepted "
                                          "on 127.0.0.1:80"));
}

TEST_F(ChangeoverTest, NamesThoseWhoAreLate) {
  Begin();
  EXPECT_EQ(changeover_.deadline(), now_ + seconds(5));
  changeover_.Expire(now_ + seconds(4));
  EXPECT_FALSE(changeover_.is_over());
  changeover_.Expire(now_ + seconds(5));
  EXPECT_TRUE(changeover_.is_over());
  EXPECT_EQ(changeover_.deadline(), std::nullopt);
  EXPECT_THAT(End().warnings,
              ElementsAre("worker 0 of generation 1 (pid 100) has not begun to drain within 5s",
                          "worker 0 of generation 2 (pid 101) has not begun to serve within 5s"));
}

TEST_F(ChangeoverTest, NamesThoseWhoWereNotAwaited) {
  Begin();
  Acknowledge(1);
  changeover_.Interrupt("the master was paused");
  EXPECT_THAT(End().warnings, ElementsAre("worker 0 of generation 1 (pid 100) has not begun to "
                                          "drain before the master was paused"));
}

TEST_F(ChangeoverTest, TellsWhatWasLostWithAWorkerThatWasKilled) {
  Begin();
  Acknowledge(1);
  Exit(0, {.pid = 1, .was_killed = true, .code = SIGKILL}, 4);
  EXPECT_TRUE(changeover_.is_over());
  EXPECT_THAT(End().warnings, ElementsAre("worker 0 of generation 1 (pid 100) was killed by "
                                          "SIGKILL before it drained, with 4 connections"));
}

TEST_F(ChangeoverTest, TellsOfANewWorkerThatDiedBeforeItServed) {
  Begin();
  Acknowledge(0);
  Exit(1, {.pid = 1, .was_killed = true, .code = SIGKILL});
  EXPECT_THAT(End().warnings, ElementsAre("worker 0 of generation 2 (pid 101) was killed by "
                                          "SIGKILL before it served"));
}

TEST_F(ChangeoverTest, TakesACleanEndForADrain) {
  Begin();
  Acknowledge(1);
  Exit(0, {.pid = 1, .code = 0});
  EXPECT_THAT(End().warnings, IsEmpty());
}

TEST_F(ChangeoverTest, TellsWhatASurplusGenerationHadWhenItEnded) {
  Begin({1});
  Acknowledge(1);
  EXPECT_FALSE(changeover_.is_over());
  Exit(0, {.pid = 1, .code = 0}, 12);
  const Outcome outcome = End();
  EXPECT_EQ(outcome.connections_cut, 12u);
  EXPECT_THAT(outcome.warnings, ElementsAre("generation 1 was ended at once, beyond "
                                            "max_generations, with 12 connections"));
}

TEST_F(ChangeoverTest, TellsWhatItKnowsToOneWhoCannotWait) {
  Begin();
  Acknowledge(1);
  EXPECT_THAT(changeover_.SoFar("its deadline came").warnings,
              ElementsAre("worker 0 of generation 1 (pid 100) has not begun to drain before its "
                          "deadline came"));
  EXPECT_FALSE(changeover_.is_over());
  Acknowledge(0);
  EXPECT_THAT(End().warnings, IsEmpty());
}

TEST_F(ChangeoverTest, LogsItsWarnings) {
  Begin();
  changeover_.Expire(now_ + seconds(5));
  const std::size_t warnings = End().warnings.size();
  EXPECT_EQ(decision_.TakeActions().size(), warnings);
  EXPECT_THAT(End().warnings, IsEmpty());
}

}  // namespace
}  // namespace muster::master
