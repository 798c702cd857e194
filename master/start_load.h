#ifndef MUSTER_MASTER_START_LOAD_H_
#define MUSTER_MASTER_START_LOAD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/master/command_line.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/decide/reload_attempts.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/master/process/worker_finder.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// What a process loads before it has a loop: a master that starts, and who looks for one. The
// functions block, each for kStartLoadTimeout at most: DeadlineExceeded says what hangs. After that
// a thread is left behind, so they share what they are given.

// As long as a reload's.
inline const absl::Duration kStartLoadTimeout = absl::FromChrono(ReloadAttempts::kLoadTimeout);

DeploymentSource SourceOf(const Invocation& invocation);

// As DeploymentSource::Read.
absl::StatusOr<IdentifiedConfig> ReadConfig(const Invocation& invocation,
                                            const std::shared_ptr<WorkerFinder>& finder);

// The deployment of generation 1, as PrepareDeployment with what there is already. If an address is
// in use, it tries again for some seconds, since who is just leaving may still have it, and ends
// workers of a killed master that keep it; `log` has that. Cancelled: a signal came that ends the
// master; it is still pending.
absl::StatusOr<Deployment> PrepareFirst(const IdentifiedConfig& checked,
                                        const std::shared_ptr<WorkerFinder>& finder,
                                        const ListenerSet& passed, const worker::UserZones& zones,
                                        Log& log);

}  // namespace muster::master

#endif  // MUSTER_MASTER_START_LOAD_H_
