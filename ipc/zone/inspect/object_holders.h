#ifndef MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_
#define MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_

#include <vector>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/directory.h"

namespace muster::ipc {

// Who holds an object at one moment, as its words say.
struct ObjectHolders {
  std::vector<OwnerTag> owners;   // exclusive; of a semaphore, one for each permit
  std::vector<OwnerTag> readers;  // of an rwlock
  bool has_waiters = false;       // somebody sleeps, or did until lately
  bool owner_died = false;        // the next owner is told so
  bool is_poisoned = false;       // not recoverable
  bool is_done = false;           // of a once
};

// Reads the state's words, each once. Never blocks. Nothing for kinds that nobody holds, and for
// those that this program does not know.
ObjectHolders HoldersOf(const ObjectView& object);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_
