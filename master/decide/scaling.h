#ifndef MUSTER_MASTER_DECIDE_SCALING_H_
#define MUSTER_MASTER_DECIDE_SCALING_H_

#include <cstdint>

#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

// One worker more or one fewer in a generation that serves. Both functions log what happened, or
// why nothing did.

// The most workers that a generation may have.
inline constexpr std::uint32_t kMostWorkers = 256;

// The new worker has the first index that no wanted worker has.
void AddWorker(std::uint64_t generation, const Settings& settings, WorkerSlots& workers,
               Decision& decision);

// The first index that no wanted worker of the generation has.
std::uint32_t FreeIndex(std::uint64_t generation, const WorkerSlots& workers);

// The worker that RemoveWorker drains. Null: the last one stays.
WorkerRecord* FindSurplus(std::uint64_t generation, WorkerSlots& workers);

// Drains a wanted worker: first one that was given up, then one that waits to be started again,
// then one that is not ready yet, then one that serves; of equal ones the one with the highest
// index. The last worker stays, and so does the last that serves.
void RemoveWorker(std::uint64_t generation, WorkerSlots& workers, Decision& decision);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SCALING_H_
