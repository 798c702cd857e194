#ifndef MUSTER_WORKER_ZONE_SHARED_ZONE_H_
#define MUSTER_WORKER_ZONE_SHARED_ZONE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/worker/zone/event_board.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/master_status.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/slot_table.h"
#include "muster/worker/zone/worker_status.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::worker {

// The memory that a master and all its workers share: the registry of the processes, the accept
// mutex, the status, the counters, the latencies and the request of each process, what dead ones
// said last, and the last events of the master. It outlives reloads.
//
// A slot is a place in the registry, and a process's owner tag names its slot. It is not the number
// of a worker: during a reload two processes are worker 3, and each has a slot of its own. When a
// process dies, worker/zone/slot_recovery.h releases what it held here.
//
// Any process that has the zone can damage any word in it. So the master's truth is not there: its
// zone has a SlotTable, and the words that are the master's are stored again by Restore.
//
// Move-only owner of one mapping. Pointers into it are valid as long as it lives. Thread-safe, but
// for what is the master's. No call blocks. docs/MEMORY_LAYOUT.md has the layout.
class SharedZone {
 public:
  // max_generations of 4 times 256 worker_processes.
  static constexpr std::uint32_t kDefaultCapacity = 1024;

  // For the master. Creates the zone in a sealed memfd. InvalidArgument: the capacity is not within
  // 1..OwnerTag::kMaxSlots.
  static absl::StatusOr<SharedZone> Create(std::uint32_t capacity = kDefaultCapacity,
                                           const ZoneShape& shape = kZoneShape);
  // For a worker. Maps the memfd that the master handed over. InvalidArgument, FailedPrecondition,
  // DataLoss: it is not a zone, or one of a version that this program does not read. The message
  // names what differs.
  static absl::StatusOr<SharedZone> Attach(ipc::UniqueFd fd);
  // For a program that takes a master's place in its process, before it changes anything: maps the
  // zone that the one before had created, with that one's record of the slots. Writes nothing.
  // Errors: as Attach, and InvalidArgument: it is another zone, or has fewer slots.
  static absl::StatusOr<SharedZone> TakeOver(ipc::UniqueFd fd, std::uint64_t instance_id,
                                             std::vector<SlotTable::Line> slots);

  // The memfd to hand over. It stays the zone's.
  int fd() const { return memory_.fd(); }
  std::uint32_t capacity() const { return registry_.capacity(); }
  // Differs from that of every other zone.
  std::uint64_t instance_id() const { return instance_id_; }
  const ipc::SharedLayout& layout() const { return shape_->layout; }

  // For the master, whose zone Create made or TakeOver has. Takes the lowest free slot for a
  // process that is about to be started. ResourceExhausted: no slot is free.
  absl::StatusOr<ipc::OwnerTag> Reserve() const;
  // Takes a given slot. FailedPrecondition: it is not free.
  absl::StatusOr<ipc::OwnerTag> Reserve(std::uint32_t slot) const;

  // The master's record of the slots.
  SlotTable& slot_table() const;
  // For the master, once in a while and before a process attaches: stores again what it wrote and
  // somebody else changed, namely the headers, the capacity and the state of each slot.
  void Restore() const;

  const ipc::Registry& registry() const { return registry_; }
  ipc::MutexState* accept_mutex_state() const;

  // Only the master writes to it.
  MasterStatus& master_status() const;

  // `slot` must be below capacity(). Only the slot's process writes to them, and the master once
  // that is dead.
  SlotStats& stats(std::uint32_t slot) const;
  WorkerStatus& worker_status(std::uint32_t slot) const;
  LatencyHistogram& latency(std::uint32_t slot) const;
  RequestAtHand& request(std::uint32_t slot) const;
  // Only the slot's process writes to them.
  LastWords& last_words(std::uint32_t slot) const;
  // Only the master writes to it.
  EventBoard& events() const;
  // Slots from this number on never had a process. In the master it is what the master did; a
  // worker reads it in the zone.
  std::uint32_t slots_used() const;
  // The sum over all slots. Not a snapshot: each word is read at its own moment. Bounded, see
  // StatsValues.
  StatsValues Sum() const;

 private:
  struct Place {
    std::size_t offset;
    std::size_t stride;
  };

  template <typename Element>
  Element& Of(std::uint32_t slot, ZoneArray array) const;

  SharedZone(ipc::SharedMemory memory, const ZoneShape& shape, ipc::Registry registry,
             std::uint64_t instance_id);

  ipc::SharedMemory memory_;
  const ZoneShape* shape_;
  std::array<Place, kZoneArrays> places_ = {};
  ipc::Registry registry_;
  std::uint64_t instance_id_;
  std::unique_ptr<SlotTable> slot_table_;  // the master's; null in a worker
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SHARED_ZONE_H_
