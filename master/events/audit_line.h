#ifndef MUSTER_MASTER_EVENTS_AUDIT_LINE_H_
#define MUSTER_MASTER_EVENTS_AUDIT_LINE_H_

#include <string>

#include "google/protobuf/message.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

// A call as one line of the log: `id=7f00-3 caller="uid 1000 (pid 4711)" method=Reload
// generation_before=4 generation_after=5 code=OK took=0.153s`. Texts that may have anything in them
// are quoted, and quotes and backslashes in them escaped. What is empty is left out.
std::string AuditLine(const admin::v1::Call& call);

// The same of a handshake of TLS that came to nothing: `handshake address="10.0.0.7:51234"
// reason=CLIENT_LEFT left_out=17`.
std::string AuditLine(const admin::v1::RefusedHandshake& handshake);

// The same as one JSON object with the names of the fields of the message, all of them.
std::string AuditJson(const google::protobuf::Message& audited);

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_AUDIT_LINE_H_
