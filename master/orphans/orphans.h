#ifndef MUSTER_MASTER_ORPHANS_ORPHANS_H_
#define MUSTER_MASTER_ORPHANS_ORPHANS_H_

#include <vector>

#include "absl/time/time.h"
#include "muster/listen/address.h"
#include "muster/master/orphans/worker_list_format.h"
#include "muster/master/process/log.h"

namespace muster::master {

// How long an orphan has to end after SIGTERM, and again after SIGKILL.
inline constexpr absl::Duration kOrphanPatience = absl::Seconds(1);

// Those of `listed` that still run. A process counts only if its pid, its start time, its user and
// the kernel's run are those of the list.
std::vector<ListedWorker> StillRunning(const std::vector<ListedWorker>& listed);

// Ends the workers of a killed master that keep an address from this one: those of `listed` that
// still run, and that have an open socket which listens on one of `wanted`, or on an address that
// overlaps with it. Sends SIGTERM, and SIGCONT, since it may be stopped; after `patience` SIGKILL.
// Each step is logged. No other process gets a signal, whatever is in the list. Blocks for at most
// twice `patience`. Returns how many have ended.
int EndOrphans(const std::vector<ListedWorker>& listed, const std::vector<listen::Address>& wanted,
               Log& log, absl::Duration patience = kOrphanPatience);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ORPHANS_ORPHANS_H_
