#ifndef BENCH_READER_DUELS_H_
#define BENCH_READER_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// What many read: RwLock and Latch beside glibc's rwlock.
std::vector<Duel> ReaderDuels();

}  // namespace muster::bench

#endif  // BENCH_READER_DUELS_H_
