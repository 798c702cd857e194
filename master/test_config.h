#ifndef MUSTER_MASTER_TEST_CONFIG_H_
#define MUSTER_MASTER_TEST_CONFIG_H_

#include "muster/master/command_line.h"

namespace muster::master {

// -t: lists the mistakes of the configuration, and what else a start would fail at, on standard
// error. If there is nothing to list, a line on standard output says that the configuration is
// good. The last line names what was not checked. Changes nothing.
ExitCode TestConfig(const Invocation& invocation);

}  // namespace muster::master

#endif  // MUSTER_MASTER_TEST_CONFIG_H_
