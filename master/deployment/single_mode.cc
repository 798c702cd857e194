#include "muster/master/deployment/single_mode.h"

namespace muster::master {
namespace {

constexpr std::int64_t kYearSeconds = std::int64_t{365} * 86'400;

}  // namespace

void MakeSingle(config::v1::Config& config) {
  config.set_worker_processes(1);
  config.mutable_ready_timeout()->set_seconds(kYearSeconds);
  config.mutable_shutdown_timeout()->set_seconds(kYearSeconds);
  config.mutable_drain_ack_timeout()->set_seconds(kYearSeconds);
  for (auto* duration : {config.mutable_ready_timeout(), config.mutable_shutdown_timeout(),
                         config.mutable_drain_ack_timeout()}) {
    duration->set_nanos(0);
  }
  // Never.
  config.mutable_heartbeat_timeout()->Clear();
  config.set_hung_worker(config::v1::REPORT);
  // It would go back by itself.
  config.clear_trial();
}

}  // namespace muster::master
