#ifndef MUSTER_MASTER_ADMIN_CONNECTION_ADMIN_SOCKET_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_ADMIN_SOCKET_H_

#include "absl/status/status.h"
#include "muster/listen/address.h"

namespace muster::master {

// Makes sure that the admin service may listen on `address`, before anything else of a start is
// done. For a Unix socket it makes the folder, and refuses if somebody answers there; a socket on
// which nobody answers stays. AlreadyExists: somebody answers; the message has the process's pid.
absl::Status PrepareAdminSocket(const listen::Address& address);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_ADMIN_SOCKET_H_
