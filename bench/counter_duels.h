#ifndef BENCH_COUNTER_DUELS_H_
#define BENCH_COUNTER_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// Counters with a line per writer beside one atomic for all.
std::vector<Duel> CounterDuels();

}  // namespace muster::bench

#endif  // BENCH_COUNTER_DUELS_H_
