#ifndef MUSTER_WORKER_ZONE_MASTER_STATUS_H_
#define MUSTER_WORKER_ZONE_MASTER_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// What the master has done, in shared memory, so that any worker can tell it. Its only writer is
// the master. Zero bytes are a valid start. docs/MEMORY_LAYOUT.md.
struct alignas(ipc::kCacheLineBytes) MasterStatus {
  ipc::Gauge pid;
  ipc::Gauge start_time;  // seconds since the epoch of 1970
  // Of the configuration that serves, and how many workers that asks for.
  ipc::Gauge generation;
  ipc::Gauge worker_processes;
  // Totals since its start; gauges only in that the master sets them whole.
  ipc::Gauge reloads;
  ipc::Gauge reloads_refused;
  ipc::Gauge crashes;  // workers that ended unasked
};

static_assert(sizeof(MasterStatus) == ipc::kCacheLineBytes);
static_assert(std::is_standard_layout_v<MasterStatus>);
static_assert(offsetof(MasterStatus, pid) == 0 && offsetof(MasterStatus, start_time) == 8);
static_assert(offsetof(MasterStatus, generation) == 16);
static_assert(offsetof(MasterStatus, worker_processes) == 24);
static_assert(offsetof(MasterStatus, reloads) == 32);
static_assert(offsetof(MasterStatus, reloads_refused) == 40);
static_assert(offsetof(MasterStatus, crashes) == 48);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_MASTER_STATUS_H_
