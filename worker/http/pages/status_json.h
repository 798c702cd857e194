#ifndef MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_
#define MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_

#include <string>
#include <vector>

#include "muster/proto/metric.pb.h"
#include "muster/worker/zone/zone_snapshot.h"

namespace muster::worker::http {

// Whether the page has what may name clients and what they ask for: requests, last words, and the
// texts of events.
enum class Details { kShown, kHidden };

// A muster.worker.v1.Status (proto/status.proto) as protobuf's JSON, with a newline at the end.
// Fields that are zero are there, too.
// `own`: the metrics of the service.
std::string FormatStatusJson(const ZoneSnapshot& snapshot, Details details = Details::kShown,
                             const std::vector<admin::v1::Metric>& own = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_
