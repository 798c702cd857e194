#ifndef MUSTER_BENCH_THREAD_DUELS_H_
#define MUSTER_BENCH_THREAD_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// The locks for all threads of a participant, beside what one would write by hand: a lock of the
// standard library around the handle that is for one thread.
std::vector<Duel> ThreadDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_THREAD_DUELS_H_
