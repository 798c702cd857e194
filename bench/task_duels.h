#ifndef MUSTER_BENCH_TASK_DUELS_H_
#define MUSTER_BENCH_TASK_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// A task in a worker's pool and its completion in the loop, beside the least that one would write
// by hand: a queue with a condition variable, and an eventfd in an epoll set. That one has neither
// bounds nor deadlines nor cancellation, and loses exceptions.
std::vector<Duel> TaskDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_TASK_DUELS_H_
