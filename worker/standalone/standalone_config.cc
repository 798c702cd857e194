#include "muster/worker/standalone/standalone_config.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "muster/config/config_file.h"
#include "muster/config/semantic_check.h"
#include "muster/ipc/base/status.h"

namespace muster::worker {
namespace {

// What a master does with a worker, and what it is itself.
constexpr absl::string_view kForMasters[] = {
    "worker_processes",
    "ready_timeout",
    "drain_ack_timeout",
    "max_generations",
    "restart",
    "crash_loop_limit",
    "heartbeat_timeout",
    "hung_worker",
    "trial",
    "pid_file",
    "log.path",
    "admin",
    "worker_binary",
    "user",
    "group",
    "supplementary_group",
    "no_new_privs",
    "limits",
    "nice",
    "cpu_affinity",
    "hand_off_between_users",
};

}  // namespace

absl::StatusOr<StandaloneConfig> ReadStandaloneConfig(const std::string& path,
                                                      const std::string& prefix,
                                                      const v1::Description& description) {
  MUSTER_ASSIGN_OR_RETURN(config::CheckedConfig checked,
                          config::ReadConfigFile(
                              path, prefix, [&](const config::v1::Config&) { return description; },
                              /*check_more=*/nullptr, config::Reader::kWorkerAlone));
  StandaloneConfig standalone;
  for (const absl::string_view field : kForMasters) {
    if (checked.places.IsWritten(field)) standalone.ignored.emplace_back(field);
  }
  config::v1::Config& config = checked.config;
  config.set_worker_processes(1);
  config.mutable_log()->clear_path();
  standalone.had_sandbox = config.sandbox() != config::v1::Config::OFF;
  config.set_sandbox(config::v1::Config::OFF);
  standalone.config = std::move(config);
  standalone.places = std::move(checked.places);
  return standalone;
}

}  // namespace muster::worker
