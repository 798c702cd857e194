#ifndef MUSTER_MASTER_ADMIN_REPORT_SLOT_COUNTS_H_
#define MUSTER_MASTER_ADMIN_REPORT_SLOT_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "muster/master/admin/report/status_snapshot.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {

// The counters of a zone, told apart by who counted.
struct SlotCounts {
  worker::StatsValues total;
  std::vector<std::pair<std::uint32_t, worker::StatsValues>> slots;  // ever used, or taken now
  std::vector<worker::StatsValues> workers;                          // in the order of the snapshot
  worker::StatsValues ended;                                         // of workers that are no more
  worker::LatencyValues latency;                                     // of all requests
  // By the place in the snapshot, of those whose slot has counted requests.
  std::map<std::size_t, worker::LatencyValues> worker_latencies;
};

// Reads each number once, so that those of `workers` and `ended` add up to `total`. In any thread.
SlotCounts Count(const StatusSnapshot& snapshot, const worker::SharedZone& zone);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_SLOT_COUNTS_H_
