#ifndef MUSTER_WORKER_ZONE_SLOT_TABLE_H_
#define MUSTER_WORKER_ZONE_SLOT_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::worker {

// The master's own record of the slots of a zone: the state of each, and its generation. The
// registry in the zone has a copy, for the workers. Each change is stored there whatever was there
// before, and nothing is read back. So a word that a worker damages misleads the workers until the
// next Restore, and never the master.
//
// In the master's thread only. No call blocks.
class SlotTable {
 public:
  struct Line {
    ipc::ParticipantState state = ipc::ParticipantState::kFree;
    std::uint32_t generation = 0;  // kGenerationMask of OwnerTag at most
  };

  // All slots are free. The memory of `registry` outlives the table.
  explicit SlotTable(const ipc::Registry& registry);
  // The record that another program of this process had: its `lines`, no more than the registry's.
  // Stores nothing.
  SlotTable(const ipc::Registry& registry, std::vector<Line> lines);

  // Starts a new generation of a free slot. OutOfRange: there is no such slot. FailedPrecondition:
  // it is not free.
  absl::StatusOr<ipc::OwnerTag> Reserve(std::uint32_t slot);
  // ResourceExhausted: no slot is free.
  absl::StatusOr<ipc::OwnerTag> ReserveLowest();
  // As in ipc::Registry. Idempotent. False: the tag is not that of the slot's last process, or the
  // slot is free.
  bool MarkDead(ipc::OwnerTag tag);
  void Free(ipc::OwnerTag tag);

  bool IsLive(ipc::OwnerTag tag) const;
  // Slots from this number on were never reserved.
  std::uint32_t used() const { return used_; }
  // Of the slots below that.
  std::vector<Line> lines() const { return {lines_.begin(), lines_.begin() + used_}; }

  // Stores the record of each used slot again where the registry has something else.
  void Restore() const;

 private:
  // Null: it is not the tag of the slot's last process.
  Line* LineOf(ipc::OwnerTag tag);

  const ipc::Registry registry_;
  std::vector<Line> lines_;
  std::uint32_t used_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SLOT_TABLE_H_
