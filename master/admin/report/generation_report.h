#ifndef MUSTER_MASTER_ADMIN_REPORT_GENERATION_REPORT_H_
#define MUSTER_MASTER_ADMIN_REPORT_GENERATION_REPORT_H_

#include "absl/time/time.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The history of generations, the newest first. `now` and `wall_now` are the same moment.
admin::v1::ListGenerationsResponse ReportGenerations(const SupervisorCore& core, TimePoint now,
                                                     absl::Time wall_now);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_GENERATION_REPORT_H_
