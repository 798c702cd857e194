#ifndef MUSTER_CTL_MASTER_TLS_DIAGNOSIS_H_
#define MUSTER_CTL_MASTER_TLS_DIAGNOSIS_H_

#include "absl/status/status.h"
#include "muster/ctl/master/master_target.h"
#include "muster/ctl/master/tcp.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {

// Tells why a TLS connection cannot be made, which gRPC does not: an expired certificate, an
// unknown authority, another name, a file that is not what it should be. Makes the connection once
// more over `fd`, which is connected and does not block. DeadlineExceeded: the other side has not
// answered until `deadline`. All other reasons are PermissionDenied. Never OK.
absl::Status DiagnoseTls(const ipc::UniqueFd& fd, const TlsFiles& files, ipc::Deadline deadline);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_TLS_DIAGNOSIS_H_
