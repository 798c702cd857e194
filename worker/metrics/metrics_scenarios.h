#ifndef MUSTER_WORKER_METRICS_METRICS_SCENARIOS_H_
#define MUSTER_WORKER_METRICS_METRICS_SCENARIOS_H_

#include <vector>

#include "muster/ipc/testing/kill_sweep.h"

namespace muster::worker {

// For the kill sweep: workers that are killed while they register a metric. The series is there
// then, or it is not, and others go on registering.
std::vector<ipc::testing::Scenario> MetricsScenarios();

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_SCENARIOS_H_
