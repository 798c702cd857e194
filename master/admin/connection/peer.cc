#include "muster/master/admin/connection/peer.h"

#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::StatusOr<Peer> Peer::OfSocket(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return ipc::ErrnoStatus("getsockopt SO_PEERCRED");
  }
  return Peer{credentials.pid, credentials.uid, credentials.gid};
}

std::string Peer::ToString() const {
  if (pid <= 0) return absl::StrCat("uid ", uid);
  return absl::StrCat("uid ", uid, " (pid ", pid, ")");
}

}  // namespace muster::master
