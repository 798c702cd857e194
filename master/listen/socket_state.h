#ifndef MUSTER_MASTER_LISTEN_SOCKET_STATE_H_
#define MUSTER_MASTER_LISTEN_SOCKET_STATE_H_

#include "absl/status/statusor.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_file.h"
#include "muster/listen/socket_rights.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {

// The rights and the file of a Unix socket for another program of this process. Errors name the
// field: there are no rights, or the mode has other bits than listen::ParseSocketMode takes.
state::v1::SocketRights SaveSocketRights(const listen::SocketRights& rights);
absl::StatusOr<listen::SocketRights> RestoreSocketRights(const state::v1::SocketRights& state);

state::v1::SocketFile SaveSocketFile(const listen::SocketFile& file);
// As SocketFile::Restore.
absl::StatusOr<listen::SocketFile> RestoreSocketFile(const listen::Address& address,
                                                     const state::v1::SocketFile& state,
                                                     bool is_shared);

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_SOCKET_STATE_H_
