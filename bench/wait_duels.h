#ifndef MUSTER_BENCH_WAIT_DUELS_H_
#define MUSTER_BENCH_WAIT_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// What processes wait for, while nobody has to: Semaphore and Event beside glibc's.
std::vector<Duel> WaitDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_WAIT_DUELS_H_
