#ifndef MUSTER_IPC_TESTING_SWEEP_TABLE_H_
#define MUSTER_IPC_TESTING_SWEEP_TABLE_H_

#include <vector>

#include "muster/ipc/testing/kill_sweep.h"

namespace muster::ipc::testing {

// Sweeps the scenarios that the command line chooses (tools/sweep), and prints a row for each.
// Returns the program's exit code: 1 if one of ours is not clean, 2 if this machine cannot sweep,
// and more if the command line is wrong, or chooses no row.
int PrintSweepTable(const std::vector<Scenario>& scenarios, int argc, char** argv);

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_SWEEP_TABLE_H_
