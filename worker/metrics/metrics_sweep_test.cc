// Kills a worker before each instruction of a registration: a series is there then, or it is not.

#include "gtest/gtest.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/victim.h"
#include "muster/worker/metrics/metrics_scenarios.h"

namespace muster::worker {
namespace {

using ipc::testing::Scenario;
using ipc::testing::Tally;

class MetricsSweep : public ::testing::TestWithParam<Scenario> {
 protected:
  void SetUp() override {
    if (const absl::Status status = ipc::testing::CheckStepping(); !status.ok()) {
      GTEST_SKIP() << "this machine cannot sweep: " << status;
    }
  }
};

TEST_P(MetricsSweep, LeavesAWholeDirectory) {
  // Spread over the section; tools/sweep tries more of it.
  const Tally tally =
      ipc::testing::Sweep(GetParam(), {.points_per_victim = 300, .stop_at_problem = true});
  EXPECT_TRUE(tally.clean()) << tally.first_problem;
  EXPECT_GE(tally.kill_points, 100u);
}

INSTANTIATE_TEST_SUITE_P(All, MetricsSweep, ::testing::ValuesIn(MetricsScenarios()));

}  // namespace
}  // namespace muster::worker
