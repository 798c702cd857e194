#ifndef MUSTER_MASTER_RUN_H_
#define MUSTER_MASTER_RUN_H_

#include "muster/master/command_line.h"

namespace muster::master {

// Is the master, from reading the configuration until the last worker has ended. What goes
// wrong is told on standard error and in the log.
ExitCode RunMaster(const Invocation& invocation);

// -t: lists the mistakes of the configuration, and what else a start would fail at, on standard
// error, or says on standard output that it is good. Changes nothing. The last line says what was
// not checked.
ExitCode TestConfig(const Invocation& invocation);

// -s: has a running master carry `order` out and tells how that went.
ExitCode GiveOrder(const Invocation& invocation, Order order);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RUN_H_
