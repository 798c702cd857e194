#ifndef MUSTER_MASTER_RUN_H_
#define MUSTER_MASTER_RUN_H_

#include <string>

#include "muster/master/command_line.h"
#include "muster/master/upgrade/upgrade_start.h"

namespace muster::master {

// Runs the master, from reading the configuration until the last worker has ended. Errors go to
// standard error and to the log.
ExitCode RunMaster(const Invocation& invocation);

// The same for a program that was executed in the place of a master. If it does not get as far as
// that one was, it goes back. `undone_for` is that of `start`.
ExitCode ContinueMaster(const UpgradeStart& start, const std::string& undone_for);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RUN_H_
