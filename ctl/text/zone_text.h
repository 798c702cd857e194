#ifndef MUSTER_CTL_TEXT_ZONE_TEXT_H_
#define MUSTER_CTL_TEXT_ZONE_TEXT_H_

#include <string>

#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {

// Tables for people.
std::string RenderZones(const admin::v1::ListZonesResponse& zones);
std::string RenderLocks(const admin::v1::ListLocksResponse& locks);

// Cells of a table: who holds a lock, and what else is to be said of it. "-" for nobody and
// nothing.
std::string OwnersText(const admin::v1::Lock& lock);
std::string LockStateText(const admin::v1::Lock& lock);
// How often it was waited for, and recovered. "-": the kind, or the master, does not count.
std::string WaitsText(const admin::v1::Lock& lock);
std::string RecoveriesText(const admin::v1::Lock& lock);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_ZONE_TEXT_H_
