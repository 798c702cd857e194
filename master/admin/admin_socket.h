#ifndef MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_

#include "absl/status/status.h"
#include "muster/master/process/address.h"

namespace muster::master {

// Makes sure that a server may listen on the Unix socket `address`: makes its folder, and refuses
// if somebody answers there. gRPC removes whatever is in its way, also the socket of a live
// process. A socket on which nobody answers stays. AlreadyExists: somebody answers; the message has
// the process's pid. InvalidArgument: not a Unix socket.
absl::Status PrepareAdminSocket(const Address& address);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_
