#include "muster/master/decide/crash_policy.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "muster/worker/protocol/exit_code.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ipc::ProcessExit kCrashed = {.pid = 7, .was_killed = true, .code = SIGSEGV};

// A worker whose process ends again and again.
class CrashPolicyTest : public testing::Test {
 protected:
  CrashPolicyTest() {
    worker_.generation = 1;
    worker_.last_exit = "was killed by SIGSEGV";
  }

  // The worker is ready for `lived` and then ends, with so many connections.
  void End(const ipc::ProcessExit& exit, Duration lived, std::uint64_t connections = 0) {
    worker_.state = WorkerState::kServing;
    worker_.ready = now_;
    now_ += lived;
    Decision decision(now_);
    CrashPolicy(terms_, is_last_)
        .OnCrash(worker_, {.exit = exit, .connections = connections}, decision);
    Note(decision);
  }
  // It ends before it is ready.
  void EndUnready() {
    worker_.state = WorkerState::kStarting;
    worker_.ready.reset();
    Decision decision(now_);
    CrashPolicy(terms_, is_last_).OnCrash(worker_, {.exit = kCrashed}, decision);
    Note(decision);
  }
  Duration pause() const { return *worker_.deadline - now_; }
  // The last line of the log is then in `log_`.
  void Note(Decision& decision) {
    for (const Action& action : decision.TakeActions()) {
      if (const auto* log = std::get_if<LogAction>(&action)) log_ = *log;
    }
  }

  RestartTerms terms_ = {.burst = 2, .crash_loop_limit = 3};
  bool is_last_ = false;
  WorkerRecord worker_;
  TimePoint now_{};
  LogAction log_;
};

TEST_F(CrashPolicyTest, StartsAWorkerThatServedAgainAtOnce) {
  End(kCrashed, seconds(5));
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  EXPECT_EQ(worker_.deadline, now_);
  EXPECT_EQ(log_.severity, Severity::kWarning);
  EXPECT_EQ(log_.text, "worker 0 of generation 1 was killed by SIGSEGV; starting it again at once");
}

TEST_F(CrashPolicyTest, TakesAConnectionForService) {
  End(kCrashed, milliseconds(1), 1);
  EXPECT_EQ(pause(), Duration::zero());
  EXPECT_TRUE(worker_.has_served);
}

TEST_F(CrashPolicyTest, HasAPauseBeforeAWorkerThatEndedEarlyIsStartedAgain) {
  End(kCrashed, milliseconds(999));
  EXPECT_EQ(pause(), milliseconds(100));
  EXPECT_FALSE(worker_.has_served);
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 was killed by SIGSEGV; starting it again in 100ms");
}

TEST_F(CrashPolicyTest, HasPausesThatGrowBeforeAWorkerThatEndsOften) {
  for (int i = 0; i < 2; ++i) {
    End(kCrashed, seconds(5));
    EXPECT_EQ(pause(), Duration::zero());
  }
  End(kCrashed, seconds(5));
  EXPECT_EQ(pause(), milliseconds(100));
  End(kCrashed, seconds(5));
  EXPECT_EQ(pause(), milliseconds(150));
}

TEST_F(CrashPolicyTest, ForgetsWhatWasBeforeALongService) {
  for (int i = 0; i < 5; ++i) End(kCrashed, seconds(59));
  EXPECT_GT(pause(), Duration::zero());
  End(kCrashed, seconds(60));
  EXPECT_EQ(pause(), Duration::zero());
  End(kCrashed, seconds(5));
  EXPECT_EQ(pause(), Duration::zero());
}

TEST_F(CrashPolicyTest, DoesNotGiveUpAWorkerThatServes) {
  for (int i = 0; i < 100; ++i) End(kCrashed, milliseconds(1), 1);
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  EXPECT_EQ(worker_.failures_in_a_row, 0u);
}

TEST_F(CrashPolicyTest, LetsTheLastOneThatServedWaitNoLongerThanTheFloor) {
  for (int i = 0; i < 20; ++i) End(kCrashed, seconds(1));
  EXPECT_GT(pause(), seconds(1));
  is_last_ = true;
  End(kCrashed, seconds(1));
  EXPECT_EQ(pause(), milliseconds(100));
  // Nor does it give it up.
  for (int i = 0; i < 20; ++i) EndUnready();
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  EXPECT_EQ(pause(), milliseconds(100));
  is_last_ = false;
  EndUnready();
  EXPECT_EQ(worker_.state, WorkerState::kGaveUp);
}

TEST_F(CrashPolicyTest, GivesUpTheLastOneToo) {
  is_last_ = true;
  for (int i = 0; i < 2; ++i) EndUnready();
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  EXPECT_EQ(pause(), milliseconds(150));
  EndUnready();
  EXPECT_EQ(worker_.state, WorkerState::kGaveUp) << "it never served";
  worker_.has_served = true;
  End({.pid = 7, .code = worker::kExitWillNeverWork}, seconds(60));
  EXPECT_EQ(worker_.state, WorkerState::kGaveUp) << "it says so";
}

TEST_F(CrashPolicyTest, GivesUpAWorkerThatEndsEarlyTooOftenInARow) {
  End(kCrashed, milliseconds(999));
  End(kCrashed, milliseconds(999));
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  End(kCrashed, milliseconds(999));
  EXPECT_EQ(worker_.state, WorkerState::kGaveUp);
  EXPECT_EQ(log_.severity, Severity::kError);
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 was killed by SIGSEGV; crash loop: it ended early 3 times in "
            "a row and is not started again");
}

TEST_F(CrashPolicyTest, CountsAnewAfterAWorkerThatLivedLongEnough) {
  End(kCrashed, milliseconds(999));
  End(kCrashed, milliseconds(999));
  End(kCrashed, CrashPolicy::kEarlyEnd);
  End(kCrashed, milliseconds(999));
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
}

TEST_F(CrashPolicyTest, CallsTheEndOfAWorkerThatWasNeverReadyEarly) {
  worker_.started = now_;
  now_ += seconds(60);
  Decision decision(now_);
  CrashPolicy(terms_, is_last_).OnCrash(worker_, {.exit = kCrashed}, decision);
  EXPECT_EQ(worker_.failures_in_a_row, 1u);
  EXPECT_FALSE(worker_.has_served);
}

TEST_F(CrashPolicyTest, GivesUpAWorkerThatSaysItWillNeverWork) {
  worker_.last_exit = "exited with code 2";
  End({.pid = 7, .code = worker::kExitWillNeverWork}, seconds(60));
  EXPECT_EQ(worker_.state, WorkerState::kGaveUp);
  EXPECT_EQ(log_.severity, Severity::kError);
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 exited with code 2; by this code it says that it will never "
            "work: it is not started again");
}

TEST_F(CrashPolicyTest, DoesNotTakeASignalsNumberForThatCode) {
  End({.pid = 7, .was_killed = true, .code = worker::kExitWillNeverWork}, seconds(60));
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
}

TEST_F(CrashPolicyTest, NeverGivesUpAWorkerThatCannotBeStarted) {
  worker_.last_exit = "could not be started: posix_spawn /w: Resource busy";
  for (int i = 0; i < 100; ++i) {
    worker_.state = WorkerState::kStarting;
    Decision decision(now_);
    CrashPolicy(terms_, is_last_).OnFailedSpawn(worker_, decision);
    Note(decision);
    ASSERT_EQ(worker_.state, WorkerState::kBackoff);
  }
  EXPECT_EQ(worker_.deadline, now_ + seconds(30));
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 could not be started: posix_spawn /w: Resource busy; trying "
            "again in 30s");
}

}  // namespace
}  // namespace muster::master
