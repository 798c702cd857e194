#ifndef MUSTER_MASTER_FRESH_START_H_
#define MUSTER_MASTER_FRESH_START_H_

#include "absl/status/statusor.h"
#include "muster/master/command_line.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Runs a master that a user or a service manager has started, until its end: from reading the
// configuration on. The exit code. Cancelled: it was told to end before it served. Other errors: it
// could not start.
absl::StatusOr<int> RunFreshStart(const Invocation& invocation, Log& log);

}  // namespace muster::master

#endif  // MUSTER_MASTER_FRESH_START_H_
