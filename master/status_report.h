#ifndef MASTER_STATUS_REPORT_H_
#define MASTER_STATUS_REPORT_H_

#include "master/clock.h"
#include "master/supervisor_core.h"
#include "proto/admin.pb.h"
#include "worker/shared_zone.h"

namespace muster::master {

// What the admin service tells of the workers, and of the master's state and counters. What the
// core does not know (pid, version, files, addresses) is left to the caller.
admin::v1::Status ReportStatus(const SupervisorCore& core, const worker::SharedZone& zone,
                               TimePoint now);

}  // namespace muster::master

#endif  // MASTER_STATUS_REPORT_H_
