#ifndef MUSTER_TESTS_SUPPORT_INSTALLED_PROGRAM_H_
#define MUSTER_TESTS_SUPPORT_INSTALLED_PROGRAM_H_

#include <sys/types.h>

#include <string>

#include "muster/tests/support/running_master.h"

namespace muster::tests {

// Copies `program`, as Bazel calls it, into the master's folder, which nobody else may write, and
// returns its path there. Two masters of one name would be one file.
std::string InstallProgram(const RunningMaster& muster, const std::string& program,
                           const std::string& name);

// A master that fails in this way at this step of its restoring (master/testing/faulty_master).
std::string InstallFaultyMaster(const RunningMaster& muster, const std::string& step,
                                const std::string& way);

// The path of the program that the process executes. Empty: it is gone.
std::string ProgramOf(pid_t pid);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_INSTALLED_PROGRAM_H_
