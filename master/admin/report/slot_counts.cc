#include "muster/master/admin/report/slot_counts.h"

#include <algorithm>
#include <cstddef>

namespace muster::master {

SlotCounts Count(const StatusSnapshot& snapshot, const worker::SharedZone& zone) {
  SlotCounts counts;
  counts.workers.resize(snapshot.workers.size());
  const std::uint32_t slots = std::min(snapshot.slots, zone.capacity());
  counts.slots.reserve(slots);
  std::vector<int> worker_of(slots, -1);
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    worker_of[snapshot.workers[i].shown.slot()] = static_cast<int>(i);
  }
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const worker::StatsValues values = worker::ReadStats(zone.stats(slot));
    const bool is_taken = worker_of[slot] >= 0;
    if (!is_taken && values == worker::StatsValues()) continue;
    counts.total += values;
    counts.slots.emplace_back(slot, values);
    if (!is_taken) {
      counts.ended += values;
      if (values.requests != 0) counts.latency += worker::ReadLatency(zone.latency(slot));
      continue;
    }
    const auto index = static_cast<std::size_t>(worker_of[slot]);
    const StatusSnapshot::Worker& worker = snapshot.workers[index];
    counts.workers[index] = values;
    // To read a histogram costs more than all the rest.
    if (values.requests != 0) {
      const worker::LatencyValues latency = worker::ReadLatency(zone.latency(slot));
      counts.latency += latency;
      counts.worker_latencies[index] = latency.Since(worker.latency_before);
    }
    if (!worker.has_before || worker.before == worker::StatsValues()) continue;
    const worker::StatsValues own = values.Since(worker.before);
    counts.workers[index] = own;
    worker::StatsValues rest = values.Since(own);
    // Clients that are connected now are the worker's.
    rest.active = rest.reading = rest.writing = rest.waiting = 0;
    counts.ended += rest;
  }
  return counts;
}

}  // namespace muster::master
