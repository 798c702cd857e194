#ifndef MUSTER_BENCH_COUNTER_DUELS_H_
#define MUSTER_BENCH_COUNTER_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// Counters with a line per writer beside one atomic for all.
std::vector<Duel> CounterDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_COUNTER_DUELS_H_
