#ifndef MUSTER_MASTER_ZONE_INQUIRIES_H_
#define MUSTER_MASTER_ZONE_INQUIRIES_H_

#include "muster/master/admin/admin_operations.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/supervisor.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::master {

// Answers what the admin service asks about zones and locks. Zones are walked beside the loop,
// since they may have many objects. In the loop's thread only.
class ZoneInquiries {
 public:
  // Both outlive it.
  ZoneInquiries(const Supervisor& supervisor, Inquiries& inquiries)
      : supervisor_(supervisor), inquiries_(inquiries) {}

  void ListZones(AdminOperations::Answer<admin::v1::ListZonesResponse> answer) const;
  // NotFound: there is no such zone.
  void ListLocks(const admin::v1::ListLocksRequest& request,
                 AdminOperations::Answer<admin::v1::ListLocksResponse> answer) const;

 private:
  const Supervisor& supervisor_;
  Inquiries& inquiries_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ZONE_INQUIRIES_H_
