#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/config/field_places.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/config/config_identity.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/worker_launch.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/worker_finder.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// A configuration with all that its workers need from the machine. Its holder can start them. The
// deployments of two configurations share the listeners and the zones that both want.
struct Deployment {
  config::v1::Config config;  // defaults filled in, paths absolute, worker_processes counted
  // The same as another program has made it, if that knew fewer fields: so it reads it again, and
  // so do the workers, whose program is of that time.
  std::optional<config::v1::Config> as_written{};
  ConfigIdentity identity;
  config::FieldPlaces places;  // of `config`, until it serves
  std::shared_ptr<const WorkerProgram> worker;
  std::string worker_from_flag;  // the path that --worker named, or an upgrade; empty: neither
  WorkerLaunch launch;
  ListenerSet listeners;
  worker::UserZones zones;
  AdminTerms admin_terms;
  ipc::UniqueFd sealed_config;
  std::vector<std::string> made_anew;  // by RebuildDeployment: "zone sessions, empty"

  // The same for another generation. It has no `places`. Fails for want of a descriptor.
  absl::StatusOr<Deployment> Copy() const;
  Settings settings() const;
  // Puts the origin of the program's path in front of an error from starting `worker`.
  absl::Status ExplainWorker(const absl::Status& status) const;
};

// Makes what is new in the configuration, and the folders of its files. New listeners do not listen
// yet. What is current stays as it is. `finder` is the one that found the program to ask when the
// configuration was read. Errors have the place of the field that caused them. AlreadyExists: an
// address is in use. FailedPrecondition: a current zone would change its size.
absl::StatusOr<Deployment> PrepareDeployment(IdentifiedConfig checked, WorkerFinder& finder,
                                             const ListenerSet& current,
                                             const worker::UserZones& current_zones = {});

// What makes a deployment again: the configuration and the program of one that served, and the
// zones that it still has.
struct Recipe {
  config::v1::Config config;
  std::optional<config::v1::Config> as_written{};
  ConfigIdentity identity;
  std::shared_ptr<const WorkerProgram> worker;
  std::string worker_from_flag;
  worker::UserZones zones;
};

// The deployment of a recipe. Takes from what is current what the recipe wants, zones only if they
// have the size, and else those of the recipe; what is nowhere is made anew. Errors have the field.
absl::StatusOr<Deployment> RebuildDeployment(const Recipe& recipe, const ListenerSet& current,
                                             const worker::UserZones& current_zones);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_H_
