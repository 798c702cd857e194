#ifndef MUSTER_MASTER_DECIDE_GENERATION_LIMIT_H_
#define MUSTER_MASTER_DECIDE_GENERATION_LIMIT_H_

#include <cstdint>
#include <set>

#include "muster/master/decide/decision.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

// Stops the workers of the oldest generations until at most `max_generations` are alive. Logs each
// of these generations, and returns them. The generation `serving` is alive, as is one with a
// worker that drains. To be called after `serving` is committed, when all older generations drain.
std::set<std::uint64_t> EndSurplusGenerations(std::uint64_t serving, std::uint32_t max_generations,
                                              WorkerSlots& workers, Decision& decision);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_GENERATION_LIMIT_H_
