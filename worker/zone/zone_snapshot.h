#ifndef MUSTER_WORKER_ZONE_ZONE_SNAPSHOT_H_
#define MUSTER_WORKER_ZONE_ZONE_SNAPSHOT_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "muster/worker/zone/event_board.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// A copy of one slot that has, or had, a process.
struct SlotSnapshot {
  std::uint32_t slot = 0;
  WorkerPhase phase = WorkerPhase::kNone;
  pid_t pid = 0;  // 0: no process now, and the fields from here to `counters` have no meaning
  std::uint64_t generation = 0;
  std::chrono::nanoseconds age{};
  std::chrono::nanoseconds since_heartbeat{};  // worker/runtime/heartbeat.h
  StatsValues counters;
  std::uint64_t log_lines_lost = 0;  // total
  // Totals, of connections.
  std::uint64_t refused_over_limit = 0;
  std::uint64_t refused_by_proxy_protocol = 0;
  LatencyValues latency;
  std::optional<RequestShown> request;
  std::chrono::nanoseconds request_age{};
  std::optional<LastWordsShown> last_words;
};

// A copy of what the shared zone shows of the master and of all workers. Each word was read at its
// own moment. None is trusted: a damaged word gives a wrong number, and nothing worse.
struct ZoneSnapshot {
  pid_t master_pid = 0;
  std::int64_t master_start_time = 0;        // seconds since the epoch of 1970
  std::chrono::nanoseconds master_uptime{};  // 0: the master does not tell
  std::uint64_t generation = 0;
  std::uint64_t worker_processes = 0;
  std::uint64_t reloads = 0;
  std::uint64_t reloads_refused = 0;
  std::uint64_t crashes = 0;
  std::uint64_t master_log_lines_lost = 0;

  std::vector<SlotSnapshot> slots;
  StatsValues total;
  LatencyValues latency;
  std::vector<ZoneEvent> events;  // the oldest first

  int CountIn(WorkerPhase phase) const;
};

// Reads the zone. `now`: the time of CLOCK_MONOTONIC. Does not block. Thread-safe.
ZoneSnapshot TakeSnapshot(const SharedZone& zone, std::chrono::steady_clock::time_point now);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_ZONE_SNAPSHOT_H_
