#ifndef MUSTER_MASTER_ADMIN_REPORT_LOG_LEVEL_H_
#define MUSTER_MASTER_ADMIN_REPORT_LOG_LEVEL_H_

#include <optional>

#include "muster/proto/config.pb.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

// The admin service has the levels of the log as the severities of events.

admin::v1::Event::Severity ToSeverity(config::v1::Log::Level level);
// Nothing: it is no level.
std::optional<config::v1::Log::Level> ToConfigLevel(admin::v1::Event::Severity severity);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_LOG_LEVEL_H_
