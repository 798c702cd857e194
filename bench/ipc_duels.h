#ifndef BENCH_IPC_DUELS_H_
#define BENCH_IPC_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// All of //ipc, in the order of the table.
std::vector<Duel> IpcDuels();

}  // namespace muster::bench

#endif  // BENCH_IPC_DUELS_H_
