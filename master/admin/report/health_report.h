#ifndef MUSTER_MASTER_ADMIN_REPORT_HEALTH_REPORT_H_
#define MUSTER_MASTER_ADMIN_REPORT_HEALTH_REPORT_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "muster/master/admin/connection/health_board.h"
#include "muster/master/decide/supervisor_core.h"

namespace muster::master {

// What health probes are told. "" and "muster.worker" are the service as a whole: it serves as long
// as one worker does and the master is not stopping. So do "listener/ADDRESS", for each of
// `listeners`. "muster.admin.v1.Admin" and "muster.admin" are the admin service: it serves until
// the master stops. "worker/N" is worker N of the generation that serves: it serves if it accepts
// connections, apart from the slots in `silent`, whose processes do not run their loop now.
// `workers`: how many workers the configuration wants; each of them has a name, also while it has
// no process. Pure.
HealthBoard::States ReportHealth(const SupervisorCore& core, std::uint32_t workers,
                                 const std::set<std::uint32_t>& silent,
                                 const std::vector<std::string>& listeners);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_HEALTH_REPORT_H_
