#ifndef MUSTER_BENCH_MUTEX_DUELS_H_
#define MUSTER_BENCH_MUTEX_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// Mutex and Spinlock beside glibc's and, where it is installed, Boost's.
std::vector<Duel> MutexDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_MUTEX_DUELS_H_
