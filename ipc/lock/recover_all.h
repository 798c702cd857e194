#ifndef MUSTER_IPC_LOCK_RECOVER_ALL_H_
#define MUSTER_IPC_LOCK_RECOVER_ALL_H_

#include "absl/types/span.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// Frees `states` (MutexState and its like) from a participant that
// Registry::MarkDead has marked, and wakes who sleeps on them. Idempotent: whoever
// begins it may die, another does it again. Returns how many `dead` held.
template <typename State>
int RecoverAll(absl::Span<State> states, OwnerTag dead) {
  int held = 0;
  for (State& state : states) held += state.Recover(dead) ? 1 : 0;
  return held;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_RECOVER_ALL_H_
