#ifndef MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_
#define MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_

#include <array>
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

// What follows the front: the registry; then arrays with an element for each of its slots, and one
// EventBoard. In which order, and how far apart the elements are, is a matter of the layout.
inline constexpr std::size_t kRegistryOffset = sizeof(ZoneFront);

enum class ZoneArray : std::size_t {
  kStats,         // SlotStats
  kWorkerStatus,  // WorkerStatus
  kLatency,       // LatencyHistogram
  kRequests,      // RequestAtHand
  kLastWords,     // LastWords
  kEvents,        // EventBoard: one element
};
inline constexpr std::size_t kZoneArrays = 6;

// One layout. Layouts of other versions than these have another front, or other elements.
struct ZoneShape {
  struct Part {
    ZoneArray array;
    std::size_t stride;  // bytes; a multiple of a line, and at least the element's size
  };
  ipc::SharedLayout layout;
  std::array<Part, kZoneArrays> parts;  // in their order in the memory
};

// Of a zone that this program makes; and of the version before, in which it reads and writes a zone
// that another program has made, or null: the one before has other elements. A change of the layout
// raises the version. Definitions that are linked beside these take their place (//tests/next).
extern const ZoneShape kZoneShape;
extern const ZoneShape* const kZoneShapeBefore;

inline constexpr std::uint64_t kZoneMagic = 0x656e6f5a7274734d;  // "MstrZone" in memory
// Of what all layouts here have.
inline constexpr std::uint64_t kZoneAbiHash = ipc::AbiHash(
    {sizeof(void*), sizeof(ipc::SharedHeader), sizeof(ZoneFront), sizeof(ipc::MutexState),
     sizeof(SlotStats), sizeof(WorkerStatus), offsetof(ZoneFront, accept_mutex),
     offsetof(SlotStats, active), sizeof(LatencyHistogram), sizeof(RequestAtHand),
     sizeof(LastWords), sizeof(EventBoard)});

// Of version 3.
inline constexpr ZoneShape kThirdZoneShape = {
    .layout = {.magic = kZoneMagic, .layout_version = 3, .abi_hash = kZoneAbiHash},
    .parts = {{{ZoneArray::kStats, sizeof(SlotStats)},
               {ZoneArray::kWorkerStatus, sizeof(WorkerStatus)},
               {ZoneArray::kLatency, sizeof(LatencyHistogram)},
               {ZoneArray::kRequests, sizeof(RequestAtHand)},
               {ZoneArray::kLastWords, sizeof(LastWords)},
               {ZoneArray::kEvents, sizeof(EventBoard)}}},
};

// Where each array begins; and the bytes of the whole zone.
std::array<std::size_t, kZoneArrays> ZoneOffsets(const ZoneShape& shape, std::uint32_t capacity);
std::size_t ZoneBytes(const ZoneShape& shape, std::uint32_t capacity);
// The same of kZoneShape.
inline std::size_t ZoneBytes(std::uint32_t capacity) { return ZoneBytes(kZoneShape, capacity); }
inline std::size_t StatsOffset(std::uint32_t capacity) {
  return ZoneOffsets(kZoneShape, capacity)[static_cast<std::size_t>(ZoneArray::kStats)];
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_ZONE_LAYOUT_H_
