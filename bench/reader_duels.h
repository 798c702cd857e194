#ifndef MUSTER_BENCH_READER_DUELS_H_
#define MUSTER_BENCH_READER_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// What many read: RwLock and Latch beside glibc's rwlock.
std::vector<Duel> ReaderDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_READER_DUELS_H_
