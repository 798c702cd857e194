#ifndef MUSTER_MASTER_ADMIN_REPORT_ZONE_VIEW_H_
#define MUSTER_MASTER_ADMIN_REPORT_ZONE_VIEW_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "muster/ipc/zone/inspect/object_holders.h"
#include "muster/ipc/zone/inspect/zone_report.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::master {

// By pid: the workers that run.
using LockWorkers = std::map<pid_t, admin::v1::LockWorker>;

// The zone at that moment, without what only its owner knows: name, instance and size.
admin::v1::Zone ViewOfZone(const ipc::ZoneReport& report);

// What the words of a lock tell, but for who has it.
void SetLockState(const ipc::ObjectHolders& holders, admin::v1::Lock* lock);

// The locks that a client asked for, up to a number, with the count of those that are left out.
class LockList {
 public:
  static constexpr int kMostLocks = 1000;
  static constexpr int kMostHolders = 64;

  // `workers` outlives it.
  LockList(const admin::v1::ListLocksRequest& request, const LockWorkers& workers)
      : request_(request), workers_(workers) {}

  // Whether locks of this zone are asked for.
  bool Wants(const std::string& zone) const {
    return request_.zone().empty() || request_.zone() == zone;
  }
  void Add(const std::string& zone, const ipc::ZoneReport& report);
  // One whose holders are known already.
  void Add(admin::v1::Lock lock);

  admin::v1::ListLocksResponse Take() { return std::move(response_); }

 private:
  const admin::v1::ListLocksRequest request_;
  const LockWorkers& workers_;
  admin::v1::ListLocksResponse response_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_ZONE_VIEW_H_
