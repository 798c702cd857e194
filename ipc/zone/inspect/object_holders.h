#ifndef MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_
#define MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/directory.h"

namespace muster::ipc {

// What was counted in a lock's memory so far: ipc/lock/lock_counts.h.
struct LockTotals {
  std::uint64_t waits = 0;
  std::uint64_t recoveries = 0;
};

// Who holds an object at one moment, as its words say, and what was counted there.
struct ObjectHolders {
  std::vector<OwnerTag> owners;      // exclusive; of a semaphore, one for each permit
  std::vector<OwnerTag> readers;     // of an rwlock
  bool has_waiters = false;          // somebody sleeps, or did until lately
  bool owner_died = false;           // the next owner is told so
  bool is_poisoned = false;          // not recoverable
  bool is_done = false;              // of a once
  std::optional<LockTotals> totals;  // of a mutex and an rwlock
};

// Reads the state's words, each once. Never blocks. Nothing for kinds that nobody holds, and for
// those that this program does not know.
ObjectHolders HoldersOf(const ObjectView& object);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_INSPECT_OBJECT_HOLDERS_H_
