#include "muster/worker/runtime/handoff/connection_capacity.h"

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

TEST(ConnectionCapacity, IsWorkerConnectionsIfThereAreDescriptorsForAll) {
  EXPECT_EQ(ConnectionCapacity(4096, 0, 10'000, 1040), 4096u);
  EXPECT_EQ(ConnectionCapacity(4096, 4096, 5000, 1040), 4096u);
  EXPECT_EQ(ConnectionCapacity(60, 100, 5000, 1040), 60u);
}

TEST(ConnectionCapacity, LeavesDescriptorsForFiles) {
  EXPECT_EQ(ConnectionCapacity(4096, 10, 3000, 500), 2510u);
}

TEST(ConnectionCapacity, LeavesAQuarterOfFewDescriptorsForFiles) {
  EXPECT_EQ(ConnectionCapacity(4096, 10, 200, 1040), 160u);
  EXPECT_EQ(ConnectionCapacity(4096, 10, 1, 1040), 11u);
  EXPECT_EQ(ConnectionCapacity(4096, 10, 0, 1040), 10u);
}

}  // namespace
}  // namespace muster::worker
