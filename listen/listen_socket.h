#ifndef MUSTER_LISTEN_LISTEN_SOCKET_H_
#define MUSTER_LISTEN_LISTEN_SOCKET_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"

namespace muster::listen {

// A stream socket of the family of `address`: non-blocking, close-on-exec, not bound. One for IPv6
// takes no IPv4 connections, one for a Unix socket no descriptors, and the others may be bound to
// an address that has connections (SO_REUSEADDR).
absl::StatusOr<ipc::UniqueFd> MakeSocket(const Address& address);

// Binds a socket to `address`. For a Unix socket use SocketFile::Bind. AlreadyExists: another
// process listens there. Other errors name the call and the address; for a port that needs a
// privilege the message says how to get it.
absl::Status BindSocket(int fd, const Address& address);

// The error for that another process listens there. `call`: "bind".
absl::Status InUse(absl::string_view call, const Address& address);

// `name`: the option's, for the error.
absl::Status SetSocketOption(int fd, int level, int option, const char* name, int value = 1);

}  // namespace muster::listen

#endif  // MUSTER_LISTEN_LISTEN_SOCKET_H_
