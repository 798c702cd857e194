#ifndef MUSTER_MASTER_RESTORED_START_H_
#define MUSTER_MASTER_RESTORED_START_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/master/process/log.h"
#include "muster/master/upgrade/upgrade_start.h"

namespace muster::master {

// Goes on as the master in whose process the program was executed, until its end. The exit code.
// Until it serves it only reads (upgrade/undo_guard.h). An error: it does not get so far, and has
// changed nothing; or, when the guard is disarmed, it cannot go on.
absl::StatusOr<int> RunRestoredStart(const UpgradeStart& start, const std::string& undone_for,
                                     Log& log);

// Does the same beside the master, up to the moment in which it would take over, and gives the
// verdict.
[[noreturn]] void RunTrialStart(const UpgradeStart& start);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RESTORED_START_H_
