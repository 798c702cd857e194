#include "muster/ipc/lock/internal/repair.h"

namespace muster::ipc::internal {

void RepairOrTerminate(const RepairCallback& repair, LockOutcome outcome,
                       const char* call) noexcept {
  if (outcome == LockOutcome::kOwnerDied && repair != nullptr && repair()) return;
  TerminateFor(outcome, call);
}

}  // namespace muster::ipc::internal
