#ifndef MUSTER_PROTO_FIELD_ERROR_H_
#define MUSTER_PROTO_FIELD_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::config {

// An error that a field of the configuration causes remembers the field, not in its message but
// beside it: who finds the error ("bind 127.0.0.1:80: Permission denied") knows the field
// ("listen[0].address"), who tells it to the operator knows where in the file that is.

// The same error, caused by `field`. One that has a field already keeps it. OK stays OK.
absl::Status AtField(const absl::Status& status, absl::string_view field);

// Empty: no field is known to have caused it.
std::string FieldOf(const absl::Status& status);

}  // namespace muster::config

#endif  // MUSTER_PROTO_FIELD_ERROR_H_
