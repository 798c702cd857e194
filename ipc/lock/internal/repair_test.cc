#include "muster/ipc/lock/internal/repair.h"

#include "gtest/gtest.h"

namespace muster::ipc::internal {
namespace {

TEST(RepairOrTerminate, ReturnsWhenItIsRepaired) {
  int repairs = 0;
  RepairOrTerminate(
      [&] {
        ++repairs;
        return true;
      },
      LockOutcome::kOwnerDied, "Mutex::lock");
  EXPECT_EQ(repairs, 1);
}

TEST(RepairOrTerminateDeathTest, EndsTheProcessIfTheRepairFails) {
  EXPECT_DEATH(RepairOrTerminate([] { return false; }, LockOutcome::kOwnerDied, "Mutex::lock"),
               "^Mutex::lock: its owner died within its section");
}

TEST(RepairOrTerminateDeathTest, EndsTheProcessIfNobodyRepairs) {
  EXPECT_DEATH(RepairOrTerminate(nullptr, LockOutcome::kOwnerDied, "Mutex::lock"),
               "^Mutex::lock: its owner died within its section");
}

TEST(RepairOrTerminateDeathTest, EndsTheProcessWhereNothingCanBeRepaired) {
  EXPECT_DEATH(RepairOrTerminate([] { return true; }, LockOutcome::kNotRecoverable, "Mutex::lock"),
               "^Mutex::lock: an owner marked it as not recoverable");
}

}  // namespace
}  // namespace muster::ipc::internal
