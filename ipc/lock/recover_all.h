#ifndef MUSTER_IPC_LOCK_RECOVER_ALL_H_
#define MUSTER_IPC_LOCK_RECOVER_ALL_H_

#include "absl/types/span.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// Calls Recover(dead) of each of `states` (MutexState and the like): releases those that `dead`
// held, and wakes all sleepers. Call it after Registry::MarkDead. Idempotent: if the caller dies,
// another process calls it again. Never blocks. Returns how many of `states` `dead` held.
//
// This is one step of a recovery. ipc/lock/registry.h has the steps before and after it, and
// worker/zone/slot_recovery.h is the recovery of a dead worker of muster.
template <typename State>
int RecoverAll(absl::Span<State> states, OwnerTag dead) {
  int held = 0;
  for (State& state : states) held += state.Recover(dead) ? 1 : 0;
  return held;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_RECOVER_ALL_H_
