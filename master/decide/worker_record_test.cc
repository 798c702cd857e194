#include "muster/master/decide/worker_record.h"

#include <csignal>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

const ipc::ProcessExit kExitedWith3 = {.pid = 7, .code = 3};
const ipc::ProcessExit kCrashed = {.pid = 7, .was_killed = true, .code = SIGSEGV};

WorkerRecord Record() {
  WorkerRecord worker;
  worker.generation = 2;
  worker.index = 1;
  return worker;
}

TEST(WorkerRecord, IsNamedByItsIndexAndGeneration) {
  EXPECT_EQ(Record().Name(), "worker 1 of generation 2");
}

TEST(WorkerRecord, IsNamedWithItsProcessWhileThatRuns) {
  WorkerRecord worker = Record();
  worker.pid = 12345;
  EXPECT_EQ(worker.Name(), "worker 1 of generation 2 (pid 12345)");
}

TEST(WorkerRecord, DescribesTheEndOfItsProcess) {
  EXPECT_EQ(Record().HowItEnded(kExitedWith3), "exited with code 3");
  EXPECT_EQ(Record().HowItEnded(kCrashed), "was killed by SIGSEGV");
  EXPECT_EQ(WorkerRecord::HowItEndedInAWord(kExitedWith3), "exit 3");
  EXPECT_EQ(WorkerRecord::HowItEndedInAWord(kCrashed), "SIGSEGV");
}

TEST(WorkerRecord, DescribesAnEndWithTheComplaint) {
  WorkerRecord worker = Record();
  worker.complaint = "no memory";
  EXPECT_EQ(worker.HowItEnded(kExitedWith3), "exited with code 3: no memory");
}

TEST(WorkerRecord, WasNotReadyBecauseItsProcessEnded) {
  EXPECT_EQ(Record().WhyNotReady(kCrashed),
            "worker 1 of generation 2 was killed by SIGSEGV before it was ready");
}

TEST(WorkerRecord, WasNotReadyForTheReasonThatItComplainedOf) {
  WorkerRecord worker = Record();
  worker.complaint = "no memory";
  EXPECT_EQ(worker.WhyNotReady(kExitedWith3), "worker 1 of generation 2 failed: no memory");
}

TEST(WorkerRecord, DescribesWhatItsProcessWasAtAndWhatThatSaid) {
  const WorkerRecord worker = Record();
  EXPECT_EQ(worker.Circumstances({.exit = kCrashed}), "");
  EXPECT_EQ(worker.Circumstances({.exit = kCrashed, .at_hand = "it served GET / for 192.0.2.1:5"}),
            " while it served GET / for 192.0.2.1:5");
  EXPECT_EQ(worker.Circumstances({.exit = kCrashed, .last_words = "it broke"}),
            " with the last words \"it broke\"");
  EXPECT_EQ(worker.Circumstances({.exit = kCrashed,
                                  .at_hand = "it served GET / for 192.0.2.1:5",
                                  .last_words = "it broke"}),
            " while it served GET / for 192.0.2.1:5, with the last words \"it broke\"");
}

TEST(WorkerRecord, DescribesNoCircumstancesOfACleanEnd) {
  EXPECT_EQ(Record().Circumstances({.exit = {.pid = 7}, .at_hand = "it served GET / for a"}), "");
}

TEST(WorkerRecord, DoesNotRepeatAComplaintAsLastWords) {
  WorkerRecord worker = Record();
  worker.complaint = "no memory";
  EXPECT_EQ(worker.Circumstances({.exit = kExitedWith3, .last_words = "no memory"}), "");
}

TEST(WorkerRecord, DoesNotSayThatItWasNotReadyIfItWas) {
  WorkerRecord worker = Record();
  worker.ready = TimePoint();
  EXPECT_EQ(worker.WhyNotReady(kCrashed), "worker 1 of generation 2 was killed by SIGSEGV");
}

}  // namespace
}  // namespace muster::master
