#ifndef MUSTER_MASTER_ADMIN_REPORT_STATUS_PART_H_
#define MUSTER_MASTER_ADMIN_REPORT_STATUS_PART_H_

namespace muster::master {

// The messages that tell of a status: Status, ListWorkersResponse, Stats.
enum class StatusPart { kStatus, kListWorkers, kStats };

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_STATUS_PART_H_
