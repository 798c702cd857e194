#ifndef MUSTER_CTL_MASTER_CALL_ERROR_H_
#define MUSTER_CTL_MASTER_CALL_ERROR_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/ipc/base/deadline.h"

namespace muster::ctl {

// What went wrong with a call, in our words. `limit`: of the call, which was to end at `deadline`;
// `tail`: for when no answer came; `other_cause`: why the connection may have been lost, too.
absl::Status ExplainCall(const grpc::Status& status, absl::Duration limit, ipc::Deadline deadline,
                         absl::string_view tail, absl::string_view other_cause = "");

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_CALL_ERROR_H_
