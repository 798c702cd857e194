#ifndef MUSTER_WORKER_ZONE_SLOT_STATS_H_
#define MUSTER_WORKER_ZONE_SLOT_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// Responses are counted by the hundreds of their status: 2xx, 3xx, 4xx, 5xx.
inline constexpr std::size_t kResponseClasses = 4;

// What the process in one slot of the registry has done and holds, in shared memory. Its only
// writer is that process; after its death the master clears the gauges, and the totals go on
// with the slot's next process. Zero bytes are a valid start. docs/MEMORY_LAYOUT.md.
struct alignas(ipc::kCacheLineBytes) SlotStats {
  // Totals.
  ipc::Counter accepted;  // connections that accept(2) gave
  ipc::Counter handled;   // those of them that the service took
  ipc::Counter requests;
  ipc::Counter bytes_received;
  ipc::Counter bytes_sent;
  ipc::Counter closed_at_deadline;  // connections that a drain could not wait for
  ipc::Counter handed_off;          // connections given to another worker
  ipc::Counter adopted;             // connections taken from another worker

  // Connections at this moment, ...
  ipc::Gauge active;
  // ... and of these: a request is being read, a response written, neither.
  ipc::Gauge reading;
  ipc::Gauge writing;
  ipc::Gauge waiting;

  // Totals: responses of status 2xx, 3xx, 4xx, 5xx.
  ipc::Counter responses[kResponseClasses];
  // 200 to 599.
  void CountResponse(int status) {
    responses[static_cast<std::size_t>(status / 100 - 2) % kResponseClasses].Add();
  }

  // Of the process's successor in the slot, when the process is dead. Idempotent.
  void ClearGauges() {
    active.Clear();
    reading.Clear();
    writing.Clear();
    waiting.Clear();
  }
};

static_assert(sizeof(SlotStats) == ipc::kCacheLineBytes);
static_assert(std::is_standard_layout_v<SlotStats>);
static_assert(offsetof(SlotStats, accepted) == 0 && offsetof(SlotStats, handled) == 8);
static_assert(offsetof(SlotStats, requests) == 16 && offsetof(SlotStats, bytes_received) == 24);
static_assert(offsetof(SlotStats, bytes_sent) == 32);
static_assert(offsetof(SlotStats, closed_at_deadline) == 40);
static_assert(offsetof(SlotStats, handed_off) == 48 && offsetof(SlotStats, adopted) == 56);
static_assert(offsetof(SlotStats, active) == 64 && offsetof(SlotStats, reading) == 72);
static_assert(offsetof(SlotStats, writing) == 80 && offsetof(SlotStats, waiting) == 88);
static_assert(offsetof(SlotStats, responses) == 96);

// The values of one slot, or sums over several. Each word is read at its own moment.
struct StatsValues {
  std::uint64_t accepted = 0;
  std::uint64_t handled = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t closed_at_deadline = 0;
  std::uint64_t handed_off = 0;
  std::uint64_t adopted = 0;
  std::uint64_t active = 0;
  std::uint64_t reading = 0;
  std::uint64_t writing = 0;
  std::uint64_t waiting = 0;
  std::array<std::uint64_t, kResponseClasses> responses = {};

  StatsValues& operator+=(const StatsValues& other);
  // What was counted since the totals were as in `before`. Gauges stay; no total falls below zero.
  StatsValues Since(const StatsValues& before) const;
  friend bool operator==(const StatsValues&, const StatsValues&) = default;
};

// A gauge below zero, which only a damaged slot has, reads as zero.
StatsValues ReadStats(const SlotStats& stats);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SLOT_STATS_H_
