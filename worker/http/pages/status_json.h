#ifndef MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_
#define MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_

#include <string>

#include "muster/worker/zone/zone_snapshot.h"

namespace muster::worker::http {

// A muster.worker.v1.Status (proto/status.proto) as protobuf's JSON, with a newline at the end.
// Fields that are zero are there, too.
std::string FormatStatusJson(const ZoneSnapshot& snapshot);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_STATUS_JSON_H_
