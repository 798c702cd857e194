#ifndef MUSTER_WORKER_ZONE_MASTER_STATUS_H_
#define MUSTER_WORKER_ZONE_MASTER_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// The state and the totals of the master, in shared memory, so that any worker can show them. The
// master is the only writer. Zero bytes are a valid start. docs/MEMORY_LAYOUT.md has the layout.
struct alignas(ipc::kCacheLineBytes) MasterStatus {
  ipc::Gauge pid;
  ipc::Gauge start_time;  // seconds since the epoch of 1970
  // The generation that serves, and how many workers its configuration asks for.
  ipc::Gauge generation;
  ipc::Gauge worker_processes;
  // Totals since the master's start. They are Gauges because the master sets them as a whole.
  ipc::Gauge reloads;
  ipc::Gauge reloads_refused;
  ipc::Gauge crashes;         // workers that ended unexpectedly
  ipc::Gauge log_lines_lost;  // by the master itself
  ipc::Gauge started;         // CLOCK_MONOTONIC, in nanoseconds; 0 in the zone of an older master
  // The level from which on master and workers log, plus one; 0: each as its configuration says.
  ipc::Gauge log_level;
};

static_assert(sizeof(MasterStatus) == ipc::kCacheLineBytes);
static_assert(std::is_standard_layout_v<MasterStatus>);
static_assert(offsetof(MasterStatus, pid) == 0 && offsetof(MasterStatus, start_time) == 8);
static_assert(offsetof(MasterStatus, generation) == 16);
static_assert(offsetof(MasterStatus, worker_processes) == 24);
static_assert(offsetof(MasterStatus, reloads) == 32);
static_assert(offsetof(MasterStatus, reloads_refused) == 40);
static_assert(offsetof(MasterStatus, crashes) == 48);
static_assert(offsetof(MasterStatus, log_lines_lost) == 56);
static_assert(offsetof(MasterStatus, started) == 64);
static_assert(offsetof(MasterStatus, log_level) == 72);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_MASTER_STATUS_H_
