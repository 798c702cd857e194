#include "muster/worker/metrics/wanted_zones.h"

#include "absl/strings/str_cat.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/metrics/metrics_table.h"

namespace muster::worker {

std::vector<WantedZone> WantedZones(const config::v1::Config& config) {
  std::vector<WantedZone> zones;
  for (int i = 0; i < config.zone_size(); ++i) {
    const config::v1::Zone& zone = config.zone(i);
    zones.push_back({.name = zone.name(),
                     .size_bytes = zone.size_bytes(),
                     .size_field = absl::StrCat("zone[", i, "].size_bytes")});
  }
  if (!config.has_metrics()) return zones;
  config::v1::ServiceMetrics metrics = config.metrics();
  config::FillDefaults(&metrics);
  zones.push_back({.name = std::string(kMetricsZone),
                   .size_bytes = MetricsTable::ZoneBytesFor(metrics.max_series()),
                   .size_field = "metrics.max_series"});
  return zones;
}

}  // namespace muster::worker
