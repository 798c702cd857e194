#ifndef MUSTER_MASTER_ADMIN_SERVER_OWN_CALL_H_
#define MUSTER_MASTER_ADMIN_SERVER_OWN_CALL_H_

#include <chrono>

#include "absl/status/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// Calls the admin service at the other end of `connection`, a stream socket that does not block,
// and waits for the answer for `patience` at most. OK: it has answered, be it with a refusal. To be
// called beside the loop that serves it.
absl::Status CallAdminOnce(ipc::UniqueFd connection, std::chrono::milliseconds patience);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_OWN_CALL_H_
