#ifndef MUSTER_BENCH_METRIC_DUELS_H_
#define MUSTER_BENCH_METRIC_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// The metrics of a service beside plain atomics of one process.
std::vector<Duel> MetricDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_METRIC_DUELS_H_
