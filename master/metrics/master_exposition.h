#ifndef MUSTER_MASTER_METRICS_MASTER_EXPOSITION_H_
#define MUSTER_MASTER_METRICS_MASTER_EXPOSITION_H_

#include <cstdint>
#include <string>

#include "muster/master/metrics/master_counts.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The page that Prometheus reads: its text format, version 0.0.4. docs/MONITORING.md has the
// metrics. `log_lines_lost`: those that the master could not write. Pure.
std::string MasterExposition(const admin::v1::Status& status, const MasterCounts::Values& counts,
                             std::uint64_t log_lines_lost);

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_MASTER_EXPOSITION_H_
