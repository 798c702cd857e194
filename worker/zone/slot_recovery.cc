#include "muster/worker/zone/slot_recovery.h"

#include <optional>

#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/registry.h"

namespace muster::worker {

void RecoverSlot(const SharedZone& zone, ipc::OwnerTag dead, const UserZones& zones) {
  const ipc::Registry& registry = zone.registry();
  // False also if an earlier call was interrupted after this; hence the look at the record.
  registry.MarkDead(dead);
  const std::optional<ipc::ParticipantRecord> record = registry.Read(dead.slot());
  if (!record.has_value() || record->tag != dead || record->state != ipc::ParticipantState::kDead) {
    return;
  }
  zone.accept_mutex_state()->Recover(dead);
  for (const auto& user_zone : zones) user_zone->Recover(dead);
  zone.stats(dead.slot()).ClearGauges();
  zone.worker_status(dead.slot()).Clear();
  // Last: the next Reserve makes the tag somebody else's.
  registry.Free(dead);
}

}  // namespace muster::worker
