#ifndef MUSTER_WORKER_ZONE_SLOT_RECOVERY_H_
#define MUSTER_WORKER_ZONE_SLOT_RECOVERY_H_

#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {

// Releases everything that a dead worker held in the shared zone, and frees its slot. For the
// master, once the process with tag `dead` is gone (its pidfd is readable), or if it was never
// started.
//
// In this order:
// 1. The slot table marks the tag dead, and the registry with it. From now on nobody takes it for a
//    live owner.
// 2. The accept mutex is released if the tag holds it. Its next owner gets kOwnerDied. Its sleepers
//    are woken in any case.
// 3. The slot's gauges, its WorkerStatus and its request are cleared. Its totals and its last words
//    stay.
// 4. The slot is free: Reserve may give it to the next process.
//
// Idempotent. Whatever the zone says of the slot does not matter: the master's SlotTable knows.
// Without effect on a tag
// of an earlier process, of no process, or beyond the zone. Does not block. ipc/lock/registry.h
// has the rules of steps 1 and 4, docs/CRASH_SAFETY.md the reasons for the order.
void RecoverSlot(const SharedZone& zone, ipc::OwnerTag dead);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SLOT_RECOVERY_H_
