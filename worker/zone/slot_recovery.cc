#include "muster/worker/zone/slot_recovery.h"

#include "muster/ipc/lock/mutex.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_table.h"

namespace muster::worker {

void RecoverSlot(const SharedZone& zone, ipc::OwnerTag dead) {
  if (!zone.slot_table().MarkDead(dead)) return;
  zone.accept_mutex_state()->Recover(dead);
  zone.stats(dead.slot()).ClearGauges();
  zone.worker_status(dead.slot()).Clear();
  ClearRequest(zone.request(dead.slot()));
  // Last: the next Reserve makes the tag somebody else's.
  zone.slot_table().Free(dead);
}

}  // namespace muster::worker
