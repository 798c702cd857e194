#ifndef MUSTER_WORKER_HTTP_PAGES_STUB_STATUS_H_
#define MUSTER_WORKER_HTTP_PAGES_STUB_STATUS_H_

#include <string>

#include "muster/worker/zone/slot_stats.h"

namespace muster::worker::http {

// The page of nginx's stub_status module, byte for byte, which its exporters read.
std::string FormatStubStatus(const StatsValues& values);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_STUB_STATUS_H_
