#include "muster/ipc/testing/scenarios.h"

#include <iterator>
#include <utility>

namespace muster::ipc::testing {

std::vector<Scenario> AllScenarios() {
  std::vector<Scenario> all;
  for (const auto scenarios : {
           SleepingMutexScenarios,  SpinningMutexScenarios,
           FileMutexScenarios,      SpinlockScenarios,
           RwLockScenarios,         ZoneMutexScenarios,
           ZoneSpinlockScenarios,   ZoneRwLockScenarios,
           SemaphoreScenarios,      OnceScenarios,
           ZoneOnceScenarios,       EventScenarios,
           EventFdScenarios,        LatchScenarios,
           CounterScenarios,        ChannelScenarios,
           SharedMemoryScenarios,   RegistryScenarios,
           ZoneScenarios,           ForceUnlockedMutexScenarios,
           RobustMutexScenarios,    BoostMutexScenarios,
           PosixSemaphoreScenarios, PthreadRwlockScenarios,
       }) {
    std::vector<Scenario> some = scenarios();
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  return all;
}

}  // namespace muster::ipc::testing
