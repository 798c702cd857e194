#ifndef MUSTER_MASTER_ADMIN_STATUS_REPORT_H_
#define MUSTER_MASTER_ADMIN_STATUS_REPORT_H_

#include <cstdint>
#include <map>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/host/process_usage.h"
#include "muster/proto/admin.pb.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {

// By slot: what the slot had counted when the worker that has it now got it.
using CountedBefore = std::map<std::uint32_t, worker::StatsValues>;

// By slot: for how long the worker has not run its loop.
using Hung = std::map<std::uint32_t, Duration>;

// By slot: what the process uses.
using Usage = std::map<std::uint32_t, ProcessUsage>;

// The status of the workers, and the state and the counters of the master, for the admin service.
// Each number is read once, so that the totals of the workers and of ended workers add up to the
// total. What the core does not know (pid, version, files, addresses) is left to the caller.
admin::v1::Status ReportStatus(const SupervisorCore& core, const worker::SharedZone& zone,
                               const CountedBefore& before, TimePoint now, const Hung& hung = {},
                               const Usage& usage = {});

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_STATUS_REPORT_H_
