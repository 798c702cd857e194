#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_SOURCE_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/worker_description.h"
#include "muster/master/config/config_identity.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/worker_finder.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// A configuration that came with a call, in place of the file.
struct CalledConfig {
  std::string name;  // in messages
  std::string text;
  config::ConfigFormat format = config::ConfigFormat::kText;
};

// Where a master's deployments come from, again at each reload. The functions wait for files and
// for the worker program; call them where that is allowed, as in a SideThread.
struct DeploymentSource {
  std::string config_file;
  std::string prefix;
  std::string worker_binary;  // --worker; empty: as the configuration says
  bool is_daemon = false;     // --daemon: logs must be files
  bool is_single = false;     // --single: what is read is changed by MakeSingle

  // What a new deployment takes from the one that serves, and may not change.
  struct Current {
    std::string pid_file;
    std::weak_ptr<const ListenerSet> listeners;
    worker::UserZones zones;
  };

  // Reads and checks the configuration in the file, or in `called` if that is not null. If the
  // worker program is asked, which `finder` finds, it is killed when `stop_fd` (-1: none) becomes
  // readable.
  absl::StatusOr<IdentifiedConfig> Read(const std::shared_ptr<WorkerFinder>& finder,
                                        int stop_fd = -1,
                                        const CalledConfig* called = nullptr) const;
  // The same with this way to ask the worker program, and further checks.
  absl::StatusOr<IdentifiedConfig> Read(const CalledConfig* called,
                                        const config::DescribeWorker& describe,
                                        const config::CheckMore& check_more) const;
  // Reads a configuration that serves, or did, once more, for another worker program, which
  // `finder` finds: what that one says of `service` and handlers holds now, with its defaults. The
  // places of mistakes are in the canonical text.
  absl::StatusOr<IdentifiedConfig> ReadAgain(const ConfigIdentity& identity,
                                             const std::shared_ptr<WorkerFinder>& finder,
                                             int stop_fd = -1) const;
  // Read, and PrepareDeployment of what was read. Cancelled: the current listeners are closed.
  absl::StatusOr<Deployment> Load(const Current& current, int stop_fd,
                                  const CalledConfig* called = nullptr) const;
};

// What a reload cannot change, and `config` would.
std::vector<config::FieldMistake> ForbiddenChanges(const config::v1::Config& config,
                                                   const DeploymentSource::Current& current);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_SOURCE_H_
