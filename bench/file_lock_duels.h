#ifndef BENCH_FILE_LOCK_DUELS_H_
#define BENCH_FILE_LOCK_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// FileLock beside fcntl.
std::vector<Duel> FileLockDuels();

}  // namespace muster::bench

#endif  // BENCH_FILE_LOCK_DUELS_H_
