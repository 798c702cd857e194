#include "muster/master/reload_plan.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "muster/host/cpu_count.h"
#include "muster/log/printable.h"
#include "muster/master/decide/scaling.h"
#include "muster/master/listen/listener_set.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {

admin::v1::ReloadPlan PlanReload(const config::v1::Config& config, const Deployment& current,
                                 std::uint32_t workers_now) {
  admin::v1::ReloadPlan plan;
  plan.set_workers_now(workers_now);
  plan.set_workers_then(config.worker_processes() != 0
                            ? config.worker_processes()
                            : std::min(host::UsableCpus(), kMostWorkers));
  plan.set_is_spread_now(current.config.accept() == config::v1::REUSEPORT);
  plan.set_is_spread_then(config.accept() == config::v1::REUSEPORT);
  // The check has found the addresses good, and the owners of Unix sockets.
  if (const auto listeners = ListenerSet::PlanFor(config, current.listeners); listeners.ok()) {
    for (const std::string& one : listeners->kept) plan.add_kept_listener(log::Printable(one));
    for (const std::string& one : listeners->made) plan.add_new_listener(log::Printable(one));
    for (const std::string& one : listeners->dropped) {
      plan.add_dropped_listener(log::Printable(one));
    }
  }
  const std::vector<worker::WantedZone> wanted_zones = worker::WantedZones(config);
  for (const worker::WantedZone& wanted : wanted_zones) {
    const bool is_there =
        std::any_of(current.zones.begin(), current.zones.end(),
                    [&](const auto& zone) { return zone->name() == wanted.name; });
    if (is_there) {
      plan.add_kept_zone(wanted.name);
    } else {
      plan.add_new_zone(wanted.name);
    }
  }
  for (const auto& zone : current.zones) {
    const bool is_wanted =
        std::any_of(wanted_zones.begin(), wanted_zones.end(),
                    [&](const worker::WantedZone& wanted) { return wanted.name == zone->name(); });
    if (!is_wanted) plan.add_dropped_zone(zone->name());
  }
  return plan;
}

}  // namespace muster::master
