#ifndef MUSTER_WORKER_ZONE_WORKER_STATUS_H_
#define MUSTER_WORKER_ZONE_WORKER_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// How far a worker is in its life, as it says itself. The values are the zone's: never reuse one.
enum class WorkerPhase : std::int64_t {
  kNone = 0,  // there is no worker, or it is not ready yet
  kServing = 1,
  kDraining = 2,
};

// What the process in one slot of the registry is, beside its counters. Its only writer is that
// process; after its death the master clears it. Zero bytes are a valid start.
// docs/MEMORY_LAYOUT.md.
struct alignas(ipc::kCacheLineBytes) WorkerStatus {
  ipc::Gauge phase;       // a WorkerPhase; read it through ReadPhase
  ipc::Gauge generation;  // of its configuration
  ipc::Gauge started;     // CLOCK_MONOTONIC, in nanoseconds

  void Clear() {
    phase.Clear();
    generation.Clear();
    started.Clear();
  }
};

static_assert(sizeof(WorkerStatus) == ipc::kCacheLineBytes);
static_assert(std::is_standard_layout_v<WorkerStatus>);
static_assert(offsetof(WorkerStatus, phase) == 0 && offsetof(WorkerStatus, generation) == 8);
static_assert(offsetof(WorkerStatus, started) == 16);

// A value that no worker of this version writes reads as kNone.
inline WorkerPhase ReadPhase(const WorkerStatus& status) {
  const auto phase = static_cast<WorkerPhase>(status.phase.value());
  const bool is_known = phase == WorkerPhase::kServing || phase == WorkerPhase::kDraining;
  return is_known ? phase : WorkerPhase::kNone;
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_WORKER_STATUS_H_
