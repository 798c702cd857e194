#include "master/deployment.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ipc/sealed_bytes.h"
#include "ipc/status.h"
#include "master/config_paths.h"
#include "master/cpu_count.h"
#include "master/spawn.h"
#include "master/supervisor_core.h"
#include "master/user_zones.h"
#include "proto/duration.h"

namespace muster::master {
namespace {

absl::Status MakeFolderOf(const std::string& path) {
  std::error_code error;
  const std::string folder = FolderOf(path);
  std::filesystem::create_directories(folder, error);
  if (error) return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value());
  return absl::OkStatus();
}

absl::Status MakeFolders(const config::v1::Config& config) {
  for (const config::v1::Listen& listen : config.listen()) {
    absl::string_view path = listen.address();
    if (absl::ConsumePrefix(&path, "unix:")) {
      MUSTER_RETURN_IF_ERROR(MakeFolderOf(std::string(path)));
    }
  }
  if (config.http().has_access_log()) {
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(config.http().access_log().path()));
  }
  if (config.log().has_path()) {
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(config.log().path()));
    // When it is committed it is too late to fail.
    const ipc::UniqueFd probe(::open(config.log().path().c_str(),
                                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
    if (!probe.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", config.log().path()));
  }
  return absl::OkStatus();
}

}  // namespace

Settings Deployment::settings() const {
  return {.workers = config.worker_processes(),
          .ready_timeout = config::ToChrono(config.ready_timeout()),
          .shutdown_timeout = config::ToChrono(config.shutdown_timeout()),
          .max_generations = config.max_generations(),
          .crash_loop_limit = config.crash_loop_limit(),
          .can_scale = config.accept() != config::v1::REUSEPORT};
}

absl::StatusOr<Deployment> PrepareDeployment(config::v1::Config config,
                                             const std::string& worker_binary,
                                             const ListenerSet& current,
                                             const worker::UserZones& current_zones) {
  Deployment deployment;
  deployment.config = std::move(config);
  if (deployment.config.worker_processes() == 0) {
    deployment.config.set_worker_processes(std::min(UsableCpus(), SupervisorCore::kMostWorkers));
  }
  MUSTER_ASSIGN_OR_RETURN(
      deployment.worker_binary,
      FindWorkerBinary(worker_binary.empty() ? deployment.config.worker_binary() : worker_binary));
  MUSTER_RETURN_IF_ERROR(MakeFolders(deployment.config));
  MUSTER_ASSIGN_OR_RETURN(deployment.sealed_config,
                          ipc::SealBytes("muster-config", deployment.config.SerializeAsString()));
  MUSTER_ASSIGN_OR_RETURN(deployment.zones, MakeZones(deployment.config, current_zones));
  MUSTER_ASSIGN_OR_RETURN(
      deployment.listeners,
      ListenerSet::Make(deployment.config, deployment.config.worker_processes(), current));
  return deployment;
}

}  // namespace muster::master
