#ifndef MUSTER_MASTER_ADMIN_REPORT_METRICS_BOUND_H_
#define MUSTER_MASTER_ADMIN_REPORT_METRICS_BOUND_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "muster/proto/metric.pb.h"

namespace muster::master {

// Keeps the first series, in the order in which they are, that take at most `most_bytes` as a
// repeated field of a message. Removes the series behind them, and metrics that have none left.
// Returns how many series that were. Pure.
std::uint64_t KeepWithin(std::size_t most_bytes, std::vector<admin::v1::Metric>& metrics);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_METRICS_BOUND_H_
