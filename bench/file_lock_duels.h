#ifndef MUSTER_BENCH_FILE_LOCK_DUELS_H_
#define MUSTER_BENCH_FILE_LOCK_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// FileLock beside fcntl.
std::vector<Duel> FileLockDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_FILE_LOCK_DUELS_H_
