#ifndef MUSTER_WORKER_ZONE_SHARED_ZONE_H_
#define MUSTER_WORKER_ZONE_SHARED_ZONE_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/worker/zone/master_status.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// The memory that a master and all its workers share: a registry of the processes, with their
// heartbeats, the accept mutex, and what each says of itself, with its counters. It outlives
// reloads. A slot here is one of the registry's, found by a process's owner tag: while a reload
// goes on, two processes, each with a slot of its own here, are worker 3.
//
// Move-only owner of one mapping; pointers into it live as long as it does.
// Thread-safe. docs/MEMORY_LAYOUT.md has the layout.
class SharedZone {
 public:
  // max_generations of 4 times 256 worker_processes.
  static constexpr std::uint32_t kDefaultCapacity = 1024;

  // For the master. The zone is a sealed memfd.
  static absl::StatusOr<SharedZone> Create(std::uint32_t capacity = kDefaultCapacity);
  // For who was handed the memfd. InvalidArgument, FailedPrecondition, DataLoss: it is no
  // zone, or one of another version; the message names what differs.
  static absl::StatusOr<SharedZone> Attach(ipc::UniqueFd fd);

  // To hand over; stays the zone's.
  int fd() const { return memory_.fd(); }
  std::uint32_t capacity() const { return registry_.capacity(); }
  // Tells this zone from any other.
  std::uint64_t instance_id() const;

  // For the master: takes the lowest free slot for a process that it is about to start.
  // ResourceExhausted: there is none.
  absl::StatusOr<ipc::OwnerTag> Reserve() const;
  // The same for a slot of its choice. FailedPrecondition: it is not free.
  absl::StatusOr<ipc::OwnerTag> Reserve(std::uint32_t slot) const;

  const ipc::Registry& registry() const { return registry_; }
  ipc::MutexState* accept_mutex_state() const;

  // The writer is the master.
  MasterStatus& master_status() const;

  // Of a slot below capacity(). The writer is that slot's process.
  SlotStats& stats(std::uint32_t slot) const;
  WorkerStatus& worker_status(std::uint32_t slot) const;
  // Slots from here on never had a process.
  std::uint32_t slots_used() const;
  // Over all slots. Not a snapshot: each word is read at its own moment.
  StatsValues Sum() const;

 private:
  SharedZone(ipc::SharedMemory memory, ipc::Registry registry)
      : memory_(std::move(memory)), registry_(registry) {}

  ipc::SharedMemory memory_;
  ipc::Registry registry_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SHARED_ZONE_H_
