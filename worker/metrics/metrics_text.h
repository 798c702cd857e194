#ifndef MUSTER_WORKER_METRICS_METRICS_TEXT_H_
#define MUSTER_WORKER_METRICS_METRICS_TEXT_H_

#include <string>
#include <vector>

#include "muster/proto/metric.pb.h"

namespace muster::worker {

// In the text format of Prometheus, version 0.0.4: what is appended to a page. `metrics` are as
// ReadMetrics returns them. Pure.
std::string MetricsText(const std::vector<admin::v1::Metric>& metrics);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_TEXT_H_
