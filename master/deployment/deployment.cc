#include "muster/master/deployment/deployment.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/host/cpu_count.h"
#include "muster/host/path.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/listen/socket_rights.h"
#include "muster/master/decide/scaling.h"
#include "muster/master/deployment/descriptor_need.h"
#include "muster/master/deployment/user_zones.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/duration.h"
#include "muster/proto/field_error.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {
namespace {

absl::Status MakeFolderOf(absl::string_view path, absl::string_view field) {
  std::error_code error;
  const std::string folder = host::FolderOf(path);
  const host::WaitNote note("making the folder", folder);
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return config::AtField(ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value()),
                         field);
}

absl::Status MakeFoldersAndLogs(const config::v1::Config& config) {
  for (int i = 0; i < config.listen_size(); ++i) {
    absl::string_view path = config.listen(i).address();
    if (!absl::ConsumePrefix(&path, "unix:")) continue;
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(path, absl::StrCat("listen[", i, "].address")));
  }
  for (int i = 0; i < config.admin().listen_size(); ++i) {
    absl::string_view path = config.admin().listen(i);
    if (!absl::ConsumePrefix(&path, "unix:")) continue;
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(path, absl::StrCat("admin.listen[", i, "]")));
  }
  absl::string_view metrics = config.admin().metrics().listen();
  if (absl::ConsumePrefix(&metrics, "unix:")) {
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(metrics, "admin.metrics.listen"));
  }
  // When it is committed it is too late to fail.
  return OpenWorkerLogs(WorkerLogsOf(config)).status();
}

absl::StatusOr<AdminTerms> FindAdminTerms(const config::v1::Admin& admin) {
  AdminTerms terms;
  MUSTER_ASSIGN_OR_RETURN(
      const listen::SocketRights rights,
      listen::FindSocketRights(admin.mode(), admin.owner(), admin.group(), "admin"));
  std::vector<uid_t> owners = {0, ::geteuid()};
  if (rights.owner.has_value()) owners.push_back(*rights.owner);
  MUSTER_ASSIGN_OR_RETURN(terms.access, AccessPolicy::Find(admin, owners));
  terms.calls_per_caller = admin.calls_per_caller();
  terms.streams_per_caller = admin.streams_per_caller();
  if (!admin.has_tls()) return terms;
  terms.tls_files = admin.tls();
  MUSTER_ASSIGN_OR_RETURN(terms.tls, TlsMaterial::Read(admin.tls()));
  return terms;
}

// Makes what a deployment needs beside its configuration and its program.
absl::Status Complete(Deployment& deployment, const ListenerSet& current,
                      const worker::UserZones& current_zones) {
  const config::v1::Config& config = deployment.config;
  MUSTER_ASSIGN_OR_RETURN(deployment.launch, WorkerLaunch::Find(config));
  MUSTER_RETURN_IF_ERROR(MakeFoldersAndLogs(config));
  MUSTER_ASSIGN_OR_RETURN(deployment.admin_terms, FindAdminTerms(config.admin()));
  MUSTER_ASSIGN_OR_RETURN(
      deployment.sealed_config,
      ipc::SealBytes("muster-config", deployment.as_written.value_or(config).SerializeAsString()));
  MUSTER_ASSIGN_OR_RETURN(deployment.zones, MakeZones(config, current_zones));
  MUSTER_ASSIGN_OR_RETURN(deployment.listeners,
                          ListenerSet::Make(config, config.worker_processes(), current));
  return config::AtField(CheckDescriptorsFor(config), "worker_processes");
}

// The same as PrepareDeployment with errors that still have their fields beside them.
absl::Status Prepare(Deployment& deployment, WorkerFinder& finder, const ListenerSet& current,
                     const worker::UserZones& current_zones) {
  config::v1::Config& config = deployment.config;
  if (config.worker_processes() == 0) {
    config.set_worker_processes(std::min(host::UsableCpus(), kMostWorkers));
  }
  deployment.worker_from_flag = finder.from_flag();
  absl::StatusOr<std::shared_ptr<const WorkerProgram>> worker = finder.Find(config.worker_binary());
  if (!worker.ok()) return deployment.ExplainWorker(worker.status());
  deployment.worker = *std::move(worker);
  return Complete(deployment, current, current_zones);
}

}  // namespace

absl::StatusOr<Deployment> Deployment::Copy() const {
  Deployment copy;
  copy.config = config;
  // Another program may have made it, which did not know them.
  config::FillDefaults(&copy.config);
  copy.identity = identity;
  copy.worker = worker;
  copy.worker_from_flag = worker_from_flag;
  copy.launch = launch;
  copy.listeners = listeners;
  copy.zones = zones;
  copy.admin_terms = admin_terms;
  const bool is_same = copy.config.SerializeAsString() == config.SerializeAsString();
  copy.as_written = is_same || as_written.has_value() ? as_written : config;
  MUSTER_ASSIGN_OR_RETURN(copy.sealed_config, ipc::DuplicateFd(sealed_config.get()));
  return copy;
}

Settings Deployment::settings() const {
  return {.workers = config.worker_processes(),
          .ready_timeout = config::ToChrono(config.ready_timeout()),
          .ready_timeout_place = places.Describe("ready_timeout"),
          .shutdown_timeout = config::ToChrono(config.shutdown_timeout()),
          .drain_ack_timeout = config::ToChrono(config.drain_ack_timeout()),
          .max_generations = config.max_generations(),
          .restart = {.floor = config::ToChrono(config.restart().floor()),
                      .ceiling = config::ToChrono(config.restart().ceiling()),
                      .reset = config::ToChrono(config.restart().reset()),
                      .burst = config.restart().burst(),
                      .crash_loop_limit = config.crash_loop_limit()},
          .heartbeat_timeout = config::ToChrono(config.heartbeat_timeout()),
          .kills_hung = config.hung_worker() == config::v1::KILL,
          .hash = identity.hash,
          .is_from_call = identity.is_from_call,
          .can_scale = config.accept() != config::v1::REUSEPORT,
          .trial = config.has_trial() ? config::ToChrono(config.trial().duration()) : Duration(),
          .trial_max_crashes = config.trial().max_crashes()};
}

absl::Status Deployment::ExplainWorker(const absl::Status& status) const {
  if (!worker_from_flag.empty()) return ipc::Annotate(status, "--worker");
  return places.Explain(config::AtField(status, "worker_binary"));
}

absl::StatusOr<Deployment> PrepareDeployment(IdentifiedConfig checked, WorkerFinder& finder,
                                             const ListenerSet& current,
                                             const worker::UserZones& current_zones) {
  Deployment deployment;
  deployment.config = std::move(checked.config);
  deployment.identity = std::move(checked.identity);
  deployment.places = std::move(checked.places);
  const absl::Status status = Prepare(deployment, finder, current, current_zones);
  if (!status.ok()) return deployment.places.Explain(status);
  return deployment;
}

absl::StatusOr<Deployment> RebuildDeployment(const Recipe& recipe, const ListenerSet& current,
                                             const worker::UserZones& current_zones) {
  Deployment deployment;
  deployment.config = recipe.config;
  config::FillDefaults(&deployment.config);
  const bool is_same = deployment.config.SerializeAsString() == recipe.config.SerializeAsString();
  deployment.as_written =
      is_same || recipe.as_written.has_value() ? recipe.as_written : recipe.config;
  deployment.identity = recipe.identity;
  deployment.worker = recipe.worker;
  deployment.worker_from_flag = recipe.worker_from_flag;
  worker::UserZones there;
  for (const worker::WantedZone& wanted : worker::WantedZones(recipe.config)) {
    for (const worker::UserZones* zones : {&current_zones, &recipe.zones}) {
      const auto found = std::find_if(zones->begin(), zones->end(), [&](const auto& zone) {
        return zone->name() == wanted.name && zone->size_bytes() == wanted.size_bytes;
      });
      if (found == zones->end()) continue;
      there.push_back(*found);
      break;
    }
  }
  const absl::Status status = Complete(deployment, current, there);
  if (!status.ok()) return deployment.places.Explain(status);
  for (const std::string& address : deployment.listeners.Without(current).addresses()) {
    deployment.made_anew.push_back(absl::StrCat("listener ", address));
  }
  for (const auto& zone : deployment.zones) {
    if (std::count(there.begin(), there.end(), zone) > 0) continue;
    deployment.made_anew.push_back(absl::StrCat("zone ", zone->name(), ", empty"));
  }
  return deployment;
}

}  // namespace muster::master
