#ifndef MUSTER_TESTS_SUPPORT_EXAMPLE_H_
#define MUSTER_TESTS_SUPPORT_EXAMPLE_H_

#include <string>

#include "muster/tests/support/running_master.h"

namespace muster::tests {

// The muster.textproto of examples/NAME as it stands there, but on a port of the kernel's choice,
// with the worker program of the test and the files where RunningMaster expects them. `more` is
// added to it.
std::string ExampleConfig(const std::string& name, const std::string& more = "");

// The worker program of examples/NAME, for RunningMaster.
std::string ExampleWorker(const std::string& name);

// Whether the reloads' old workers have left and `workers` of the generation serve.
bool AwaitGeneration(RunningMaster& muster, std::uint64_t generation);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_EXAMPLE_H_
