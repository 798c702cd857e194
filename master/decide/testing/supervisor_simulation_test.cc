// Drives the core through random histories and checks what must hold in each.

#include "gtest/gtest.h"
#include "muster/master/decide/testing/simulated_machine.h"

namespace muster::master {
namespace {

class SupervisorSimulation : public testing::TestWithParam<unsigned> {};

TEST_P(SupervisorSimulation, KeepsItsPromisesInAnyHistory) {
  // Histories end early by themselves at times, so there are many of them for each seed: with all
  // seeds more than a million events.
  for (unsigned i = 0; i < 400 && !HasFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "history " << i);
    SimulatedMachine(GetParam() * 1000 + i).Run(2000);
  }
}

TEST_P(SupervisorSimulation, GoesOnAsBeforeWhenSavedAndRestoredAtEachQuietPoint) {
  for (unsigned i = 0; i < 200 && !HasFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "history " << i);
    SimulatedMachine machine(GetParam() * 1000 + i);
    machine.AddTwin();
    machine.Run(2000);
    EXPECT_EQ(machine.difference(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SupervisorSimulation, testing::Range(1u, 9u));

}  // namespace
}  // namespace muster::master
