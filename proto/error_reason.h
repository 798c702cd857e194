#ifndef MUSTER_PROTO_ERROR_REASON_H_
#define MUSTER_PROTO_ERROR_REASON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::config {

// An error for which programs have a name of its own, beside its code, remembers it: the `reason`
// of google.rpc.ErrorInfo, as docs/ADMIN.md lists them. Of several errors of one code a client can
// tell this one.

// The same error with this reason. OK stays OK.
absl::Status WithErrorReason(const absl::Status& status, absl::string_view reason);

// The same error with the reason that `other` remembers, if it does.
absl::Status WithErrorReasonOf(const absl::Status& status, const absl::Status& other);

// Empty: none of its own, that of its code.
std::string ErrorReasonOf(const absl::Status& status);

}  // namespace muster::config

#endif  // MUSTER_PROTO_ERROR_REASON_H_
