#ifndef MUSTER_BENCH_IPC_DUELS_H_
#define MUSTER_BENCH_IPC_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// All of //ipc, in the order of the table.
std::vector<Duel> IpcDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_IPC_DUELS_H_
