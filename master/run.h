#ifndef MUSTER_MASTER_RUN_H_
#define MUSTER_MASTER_RUN_H_

#include "muster/master/command_line.h"

namespace muster::master {

// Runs the master, from reading the configuration until the last worker has ended. Errors go to
// standard error and to the log.
ExitCode RunMaster(const Invocation& invocation);

// -t: lists the mistakes of the configuration, and what else a start would fail at, on standard
// error. If there is nothing to list, a line on standard output says that the configuration is
// good. The last line names what was not checked. Changes nothing.
ExitCode TestConfig(const Invocation& invocation);

// -s: has the running master carry out `order`, and prints why that failed.
ExitCode GiveOrder(const Invocation& invocation, Order order);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RUN_H_
