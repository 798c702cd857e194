#ifndef BENCH_MUTEX_DUELS_H_
#define BENCH_MUTEX_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// Mutex and Spinlock beside glibc's and, where it is installed, Boost's.
std::vector<Duel> MutexDuels();

}  // namespace muster::bench

#endif  // BENCH_MUTEX_DUELS_H_
