#include "muster/master/decide/crash_policy.h"

#include <chrono>
#include <csignal>
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

  // The worker serves for `lived` and then ends.
  void End(const ipc::ProcessExit& exit, Duration lived) {
    worker_.state = WorkerState::kServing;
    worker_.ready = now_;
    now_ += lived;
    Decision decision(now_);
    policy_.OnCrash(worker_, exit, decision);
    Note(decision);
  }
  // The last line of the log is then in `log_`.
  void Note(Decision& decision) {
    for (const Action& action : decision.TakeActions()) {
      if (const auto* log = std::get_if<LogAction>(&action)) log_ = *log;
    }
  }

  CrashPolicy policy_{3};
  WorkerRecord worker_;
  TimePoint now_{};
  LogAction log_;
};

TEST_F(CrashPolicyTest, StartsACrashedWorkerAgainAfterItsBackoff) {
  End(kCrashed, seconds(5));
  EXPECT_EQ(worker_.state, WorkerState::kBackoff);
  EXPECT_EQ(worker_.deadline, now_ + milliseconds(100));
  EXPECT_EQ(log_.severity, Severity::kWarning);
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 was killed by SIGSEGV; starting it again in 100ms");
}

TEST_F(CrashPolicyTest, WaitsLongerAfterEachCrash) {
  End(kCrashed, seconds(5));
  End(kCrashed, seconds(5));
  EXPECT_EQ(worker_.deadline, now_ + milliseconds(150));
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
  policy_.OnCrash(worker_, kCrashed, decision);
  EXPECT_EQ(worker_.failures_in_a_row, 1u);
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
    CrashPolicy::OnFailedSpawn(worker_, decision);
    Note(decision);
    ASSERT_EQ(worker_.state, WorkerState::kBackoff);
  }
  EXPECT_EQ(worker_.deadline, now_ + Backoff::kLongest);
  EXPECT_EQ(log_.text,
            "worker 0 of generation 1 could not be started: posix_spawn /w: Resource busy; trying "
            "again in 30s");
}

}  // namespace
}  // namespace muster::master
