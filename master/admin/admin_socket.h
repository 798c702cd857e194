#ifndef MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/socket_file.h"
#include "muster/master/listen/socket_rights.h"

namespace muster::master {

// Makes sure that a server may listen on the Unix socket `address`: makes its folder, and refuses
// if somebody answers there. A socket on which nobody answers stays. AlreadyExists: somebody
// answers; the message has the process's pid. InvalidArgument: not a Unix socket.
absl::Status PrepareAdminSocket(const Address& address);

// The listening Unix socket of the admin service, with its file. Its end removes the file, if that
// is still this socket's.
class AdminSocket {
 public:
  // Does what PrepareAdminSocket does, and listens.
  static absl::StatusOr<AdminSocket> Listen(const Address& address, const SocketRights& rights);

  // Non-blocking, close-on-exec.
  int fd() const { return fd_.get(); }
  // Whether the file is still at its path.
  bool IsThere() const { return file_.IsThere(); }
  const SocketRights& rights() const { return file_.rights(); }
  absl::Status SetRights(const SocketRights& rights) { return file_.SetRights(rights); }

 private:
  AdminSocket(ipc::UniqueFd fd, SocketFile file) : fd_(std::move(fd)), file_(std::move(file)) {}

  ipc::UniqueFd fd_;
  SocketFile file_;  // ends before the socket is closed
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SOCKET_H_
