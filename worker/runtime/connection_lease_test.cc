#include "muster/worker/runtime/connection_lease.h"

#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {
namespace {

TEST(ConnectionLease, CountsItsConnectionUntilItIsDestroyed) {
  ipc::Gauge active;
  ConnectionCount count(active);
  {
    const ConnectionLease lease = count.Take();
    EXPECT_EQ(count.held(), 1u);
    EXPECT_EQ(active.value(), 1);
  }
  EXPECT_EQ(count.held(), 0u);
  EXPECT_EQ(active.value(), 0);
}

TEST(ConnectionLease, IsCountedOnceAfterAMove) {
  ipc::Gauge active;
  ConnectionCount count(active);
  ConnectionLease source = count.Take();
  {
    const ConnectionLease target = std::move(source);
    EXPECT_EQ(count.held(), 1u);
  }
  EXPECT_EQ(count.held(), 0u);
}

TEST(ConnectionLease, GivesBackWhatAnAssignmentReplaces) {
  ipc::Gauge active;
  ConnectionCount count(active);
  ConnectionLease first = count.Take();
  ConnectionLease second = count.Take();
  first = std::move(second);
  EXPECT_EQ(count.held(), 1u);
}

TEST(ConnectionLease, IsGivenBackOnce) {
  ipc::Gauge active;
  ConnectionCount count(active);
  ConnectionLease lease = count.Take();
  lease.Release();
  lease.Release();
  EXPECT_EQ(count.held(), 0u);
}

}  // namespace
}  // namespace muster::worker
