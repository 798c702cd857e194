#ifndef MUSTER_WORKER_ZONE_WORKER_STATUS_H_
#define MUSTER_WORKER_ZONE_WORKER_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// The phase of a worker's life, as it reports it itself. The values are part of the zone's layout:
// never reuse one.
enum class WorkerPhase : std::int64_t {
  kNone = 0,  // no worker is in this slot, or it is not ready yet
  kServing = 1,
  kDraining = 2,
};

// The status of the process in one slot of the registry, next to its counters (slot_stats.h). That
// process is the only writer. After its death the master clears it, except the totals. Zero bytes
// are a valid start.
// docs/MEMORY_LAYOUT.md has the layout.
struct alignas(ipc::kCacheLineBytes) WorkerStatus {
  ipc::Gauge phase;       // a WorkerPhase; read it through ReadPhase
  ipc::Gauge generation;  // the master's, whose configuration it serves
  ipc::Gauge started;     // CLOCK_MONOTONIC, in nanoseconds
  // For the handoff of connections (worker/runtime/handoff/handoff_board.h). Programs that are
  // older leave zero in both.
  ipc::Gauge capacity;  // one more than the connections that it can hold; 0: it does not tell
  ipc::Gauge unsent;    // connections that it has given and that are not in the queue yet
  // Total: lines that the slot's processes could not write into their logs.
  ipc::Counter log_lines_lost;
  // How often it got the accept mutex (worker/zone/accept_mutex_watch.h).
  ipc::Gauge accept_turns;
  // One more than the stacks that its process has written for its master since it began
  // (worker/runtime/stack_report.h). 0: it writes none.
  ipc::Gauge stacks;
  // The requests that had begun and had no whole answer when its drain reached the deadline. Zero
  // until then, and in programs that are older.
  ipc::Gauge requests_cut;
  // The same as `started`, if it takes connections whose state is in memory of its own
  // (worker/runtime/handoff/handoff_board.h). Programs that are older leave another value.
  ipc::Gauge takes_memory;
  // Totals: connections that the slot's processes refused, of clients that had too many, and by the
  // rules of proxy_protocol (worker/runtime/accept/refusals.h).
  ipc::Counter refused_over_limit;
  ipc::Counter refused_by_proxy_protocol;

  void Clear() {
    phase.Clear();
    generation.Clear();
    started.Clear();
    capacity.Clear();
    unsent.Clear();
    accept_turns.Clear();
    stacks.Clear();
    requests_cut.Clear();
    takes_memory.Clear();
  }
};

static_assert(sizeof(WorkerStatus) == ipc::kCacheLineBytes);
static_assert(std::is_standard_layout_v<WorkerStatus>);
static_assert(offsetof(WorkerStatus, phase) == 0 && offsetof(WorkerStatus, generation) == 8);
static_assert(offsetof(WorkerStatus, started) == 16);
static_assert(offsetof(WorkerStatus, capacity) == 24 && offsetof(WorkerStatus, unsent) == 32);
static_assert(offsetof(WorkerStatus, log_lines_lost) == 40);
static_assert(offsetof(WorkerStatus, accept_turns) == 48);
static_assert(offsetof(WorkerStatus, stacks) == 56);
static_assert(offsetof(WorkerStatus, requests_cut) == 64);
static_assert(offsetof(WorkerStatus, takes_memory) == 72);
static_assert(offsetof(WorkerStatus, refused_over_limit) == 80);
static_assert(offsetof(WorkerStatus, refused_by_proxy_protocol) == 88);

// Returns kNone for a value that no worker of this version writes.
inline WorkerPhase ReadPhase(const WorkerStatus& status) {
  const auto phase = static_cast<WorkerPhase>(status.phase.value());
  const bool is_known = phase == WorkerPhase::kServing || phase == WorkerPhase::kDraining;
  return is_known ? phase : WorkerPhase::kNone;
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_WORKER_STATUS_H_
