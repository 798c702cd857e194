#ifndef MUSTER_MASTER_EVENTS_AUDIT_LINE_H_
#define MUSTER_MASTER_EVENTS_AUDIT_LINE_H_

#include <string>

#include "muster/proto/event.pb.h"

namespace muster::master {

// A call as one line of the log: `id=7f00-3 caller="uid 1000 (pid 4711)" method=Reload
// generation_before=4 generation_after=5 code=OK took=0.153s`. Texts that may have anything in them
// are quoted, and quotes and backslashes in them escaped. What is empty is left out.
std::string AuditLine(const admin::v1::Call& call);

// The same as one JSON object with the names of the fields of Call, all of them.
std::string AuditJson(const admin::v1::Call& call);

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_AUDIT_LINE_H_
