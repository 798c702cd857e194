#ifndef MUSTER_MASTER_KEEP_STATE_ERROR_H_
#define MUSTER_MASTER_KEEP_STATE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::master {

// That a saved state cannot be restored, since this field is wrong: "workers[3].pid: is missing".
inline absl::Status StateError(absl::string_view field, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", reason));
}

// `status`, of which the field is one of `message`: "queue.sequence: is missing" becomes
// "workers[3].queue.sequence: is missing". OK stays OK.
inline absl::Status InStateField(absl::string_view message, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(message, ".", status.message()));
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_KEEP_STATE_ERROR_H_
