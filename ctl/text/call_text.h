#ifndef MUSTER_CTL_TEXT_CALL_TEXT_H_
#define MUSTER_CTL_TEXT_CALL_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "muster/ctl/text/table.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// Calls that change something as text for people. All functions are pure.

// "Reload by uid 0 (pid 12): OK after 84ms; generation 3 -> 4", and below it the message of an
// error.
std::string RenderCall(const admin::v1::Call& call);

Table CallsTable(const admin::v1::ListCallsResponse& calls, absl::TimeZone zone);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_CALL_TEXT_H_
