#ifndef MUSTER_WORKER_ZONE_SLOT_STATS_H_
#define MUSTER_WORKER_ZONE_SLOT_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::worker {

// Responses are counted by the class of their status: 2xx, 3xx, 4xx, 5xx.
inline constexpr std::size_t kResponseClasses = 4;

// The counters of the process in one slot of the registry, in shared memory. That process is the
// only writer; any process may read. After its death the master clears the gauges
// (worker/zone/slot_recovery.h). The totals go on with the slot's next process. Zero bytes are a
// valid start. docs/MEMORY_LAYOUT.md has the layout.
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

  // The connections that are open now, ...
  ipc::Gauge active;
  // ... and those of them on which a request is being read, a response is being written, or
  // neither.
  ipc::Gauge reading;
  ipc::Gauge writing;
  ipc::Gauge waiting;

  // Totals: responses of status 2xx, 3xx, 4xx, 5xx.
  ipc::Counter responses[kResponseClasses];
  // `status`: 200 to 599.
  void CountResponse(int status) {
    responses[static_cast<std::size_t>(status / 100 - 2) % kResponseClasses].Add();
  }

  // For the master, or for the next process in the slot, once the process is dead. Idempotent.
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

// No process counts as far as these; sums end there. A damaged slot cannot make a sum overflow.
inline constexpr std::uint64_t kMostCounted = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kHighestLevel = std::numeric_limits<std::int32_t>::max();

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

  // No value exceeds kMostCounted.
  StatsValues& operator+=(const StatsValues& other);
  // Returns these values with the totals of `before` subtracted. Gauges stay. No total falls below
  // zero.
  StatsValues Since(const StatsValues& before) const;
  friend bool operator==(const StatsValues&, const StatsValues&) = default;
};

// Reads a total. What would be below zero as a signed number, which only a damaged one is, reads as
// zero.
std::uint64_t ReadTotal(const ipc::Counter& counter);

// Reads each word once. What only a damaged slot has is bounded: a gauge below zero, and a total
// that would be below zero as a signed number, read as zero; a gauge above kHighestLevel as that.
StatsValues ReadStats(const SlotStats& stats);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SLOT_STATS_H_
