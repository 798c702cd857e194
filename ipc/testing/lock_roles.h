#ifndef MUSTER_IPC_TESTING_LOCK_ROLES_H_
#define MUSTER_IPC_TESTING_LOCK_ROLES_H_

#include <vector>

#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/kill_sweep.h"

namespace muster::ipc::testing {

// Owner and late comer, owner and sleepers, woken sleeper, robbed sleeper, recoverer, the pairs of
// deaths, and those who fork.
std::vector<Scenario> LockScenarios(HeldKind kind);
// The same rows for each setting.
std::vector<Scenario> ScenariosWithAndWithoutParent(HeldKind kind);

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_LOCK_ROLES_H_
