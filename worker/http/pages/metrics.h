#ifndef MUSTER_WORKER_HTTP_PAGES_METRICS_H_
#define MUSTER_WORKER_HTTP_PAGES_METRICS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/proto/metric.pb.h"
#include "muster/worker/zone/zone_snapshot.h"

namespace muster::worker::http {

inline constexpr absl::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// The text format of Prometheus, version 0.0.4. Every name begins with "muster_"; what belongs to
// a worker has the label `slot`, and its totals go on when the slot gets another process.
//
// `own`: the metrics of the service, behind muster's.
std::string FormatMetrics(const ZoneSnapshot& snapshot,
                          const std::vector<admin::v1::Metric>& own = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_METRICS_H_
