// All that a process can be killed in while others use it, in one table.

#include <vector>

#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/sweep_table.h"
#include "muster/worker/metrics/metrics_scenarios.h"

int main(int argc, char** argv) {
  std::vector<muster::ipc::testing::Scenario> scenarios = muster::worker::MetricsScenarios();
  for (const auto& scenario : muster::ipc::testing::AllScenarios()) scenarios.push_back(scenario);
  return muster::ipc::testing::PrintSweepTable(scenarios, argc, argv);
}
