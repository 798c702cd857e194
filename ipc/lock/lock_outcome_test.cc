#include "muster/ipc/lock/lock_outcome.h"

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(Holds, IsTrueForTheTwoOutcomesThatOwnTheLock) {
  EXPECT_TRUE(Holds(LockOutcome::kAcquired));
  EXPECT_TRUE(Holds(LockOutcome::kOwnerDied));
  EXPECT_FALSE(Holds(LockOutcome::kNotRecoverable));
  EXPECT_FALSE(Holds(LockOutcome::kBusy));
  EXPECT_FALSE(Holds(LockOutcome::kTimedOut));
  EXPECT_FALSE(Holds(LockOutcome::kWouldDeadlock));
  EXPECT_FALSE(Holds(LockOutcome::kNeedsRepair));
}

TEST(ToString, NamesTheOutcome) { EXPECT_STREQ(ToString(LockOutcome::kOwnerDied), "kOwnerDied"); }

TEST(TerminateForDeathTest, SaysWhichCallAndWhy) {
  EXPECT_DEATH(TerminateFor(LockOutcome::kWouldDeadlock, "Mutex::lock"),
               "^Mutex::lock: this participant holds it already");
}

}  // namespace
}  // namespace muster::ipc
