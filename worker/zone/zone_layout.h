#ifndef MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_
#define MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/worker/zone/event_board.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/master_status.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// Where things are in the shared zone; docs/MEMORY_LAYOUT.md has the same as a table. The
// first blocks have fixed places:
struct ZoneFront {
  ipc::SharedHeader header;

  // Written by the master before the zone is published, and not again.
  alignas(ipc::kCacheLineBytes) std::uint32_t capacity;
  // One more than the highest slot that was ever reserved. A reader that adds up the slots need not
  // look beyond. Written by the master. Only a hint: readers bound it by the capacity.
  std::atomic<std::uint32_t> slots_used;

  // Written by the workers that accept, and by the master when one of them has died.
  ipc::MutexState accept_mutex;  // a line of its own

  // Written by the master.
  MasterStatus master;
};

static_assert(std::is_standard_layout_v<ZoneFront>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(offsetof(ZoneFront, header) == 0);
static_assert(offsetof(ZoneFront, capacity) == 128);
static_assert(offsetof(ZoneFront, slots_used) == 132);
static_assert(offsetof(ZoneFront, accept_mutex) == 256);
static_assert(offsetof(ZoneFront, master) == 384);
static_assert(sizeof(ZoneFront) == 512);

// After the front, in this order: the registry; for each of its slots a SlotStats, then for each a
// WorkerStatus, a LatencyHistogram, a RequestAtHand, LastWords; and one EventBoard.
inline constexpr std::size_t kRegistryOffset = sizeof(ZoneFront);
inline std::size_t StatsOffset(std::uint32_t capacity) {
  return kRegistryOffset + ipc::Registry::BytesFor(capacity);
}
inline std::size_t WorkerStatusOffset(std::uint32_t capacity) {
  return StatsOffset(capacity) + std::size_t{capacity} * sizeof(SlotStats);
}
inline std::size_t LatencyOffset(std::uint32_t capacity) {
  return WorkerStatusOffset(capacity) + std::size_t{capacity} * sizeof(WorkerStatus);
}
inline std::size_t RequestsOffset(std::uint32_t capacity) {
  return LatencyOffset(capacity) + std::size_t{capacity} * sizeof(LatencyHistogram);
}
inline std::size_t LastWordsOffset(std::uint32_t capacity) {
  return RequestsOffset(capacity) + std::size_t{capacity} * sizeof(RequestAtHand);
}
inline std::size_t EventsOffset(std::uint32_t capacity) {
  return LastWordsOffset(capacity) + std::size_t{capacity} * sizeof(LastWords);
}
inline std::size_t ZoneBytes(std::uint32_t capacity) {
  return EventsOffset(capacity) + sizeof(EventBoard);
}

// Raise the version with each change of the above.
inline constexpr ipc::SharedLayout kZoneLayout = {
    .magic = 0x656e6f5a7274734d,  // "MstrZone" in memory
    .layout_version = 3,
    .abi_hash = ipc::AbiHash({sizeof(void*), sizeof(ipc::SharedHeader), sizeof(ZoneFront),
                              sizeof(ipc::MutexState), sizeof(SlotStats), sizeof(WorkerStatus),
                              offsetof(ZoneFront, accept_mutex), offsetof(SlotStats, active),
                              sizeof(LatencyHistogram), sizeof(RequestAtHand), sizeof(LastWords),
                              sizeof(EventBoard)}),
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_
