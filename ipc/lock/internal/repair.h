#ifndef MUSTER_IPC_LOCK_INTERNAL_REPAIR_H_
#define MUSTER_IPC_LOCK_INTERNAL_REPAIR_H_

#include "muster/ipc/lock/lock_outcome.h"

namespace muster::ipc::internal {

// For lock() and its kin, which return no outcome, when theirs is not kAcquired. After kOwnerDied
// `repair` makes the data consistent, the lock being held; where there is no repair, or it fails,
// and after any other outcome, the process ends and says why. It ends too if `repair` throws: the
// lock is held by a caller that would not know it.
void RepairOrTerminate(const RepairCallback& repair, LockOutcome outcome,
                       const char* call) noexcept;

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_REPAIR_H_
