#ifndef WORKER_HTTP_STUB_STATUS_H_
#define WORKER_HTTP_STUB_STATUS_H_

#include <string>

#include "worker/slot_stats.h"

namespace muster::worker::http {

// The page of nginx's stub_status module, byte for byte, which its exporters read.
std::string FormatStubStatus(const StatsValues& values);

}  // namespace muster::worker::http

#endif  // WORKER_HTTP_STUB_STATUS_H_
