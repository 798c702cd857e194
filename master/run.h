#ifndef MUSTER_MASTER_RUN_H_
#define MUSTER_MASTER_RUN_H_

#include "muster/master/command_line.h"

namespace muster::master {

// Runs the master, from reading the configuration until the last worker has ended. Errors go to
// standard error and to the log.
ExitCode RunMaster(const Invocation& invocation);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RUN_H_
