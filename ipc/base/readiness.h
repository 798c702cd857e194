#ifndef MUSTER_IPC_BASE_READINESS_H_
#define MUSTER_IPC_BASE_READINESS_H_

#include "absl/status/statusor.h"
#include "muster/ipc/base/deadline.h"

namespace muster::ipc {

// Blocks in poll(2) until `fd` is ready for one of `events` (POLLIN, POLLOUT), or has a hang-up or
// an error, which the next call on it reports. False: `deadline` came first. Signals do not end it.
absl::StatusOr<bool> AwaitReadiness(int fd, short events, Deadline deadline);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_READINESS_H_
