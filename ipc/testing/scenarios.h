#ifndef MUSTER_IPC_TESTING_SCENARIOS_H_
#define MUSTER_IPC_TESTING_SCENARIOS_H_

#include <vector>

#include "muster/ipc/testing/kill_sweep.h"

namespace muster::ipc::testing {

// The whole table, ours first.
std::vector<Scenario> AllScenarios();

std::vector<Scenario> SleepingMutexScenarios();
std::vector<Scenario> SpinningMutexScenarios();
std::vector<Scenario> FileMutexScenarios();
std::vector<Scenario> SpinlockScenarios();
std::vector<Scenario> RwLockScenarios();
std::vector<Scenario> ZoneMutexScenarios();
std::vector<Scenario> ZoneSpinlockScenarios();
std::vector<Scenario> ZoneRwLockScenarios();
std::vector<Scenario> ZoneOnceScenarios();
std::vector<Scenario> ZoneScenarios();
std::vector<Scenario> LatchScenarios();
std::vector<Scenario> OnceScenarios();
std::vector<Scenario> SemaphoreScenarios();
std::vector<Scenario> EventScenarios();
std::vector<Scenario> EventFdScenarios();
std::vector<Scenario> RegistryScenarios();
std::vector<Scenario> SharedMemoryScenarios();
std::vector<Scenario> ChannelScenarios();
std::vector<Scenario> CounterScenarios();

// What users have today.
std::vector<Scenario> ForceUnlockedMutexScenarios();
std::vector<Scenario> RobustMutexScenarios();
std::vector<Scenario> BoostMutexScenarios();
std::vector<Scenario> PosixSemaphoreScenarios();
std::vector<Scenario> PthreadRwlockScenarios();

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_SCENARIOS_H_
