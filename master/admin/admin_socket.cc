#include "muster/master/admin/admin_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/descriptor_refusal.h"

namespace muster::master {
namespace {

// Connections that wait to be accepted: as many as the kernel allows. With a full queue, connect()
// of a client that does not block fails at once, and gRPC's does not block.
constexpr int kBacklog = SOMAXCONN;

// " (pid 4711)" of the process that called listen(), if the kernel knows it.
std::string ListenerOf(int connected) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
    return "";
  }
  return absl::StrCat(" (pid ", peer.pid, ")");
}

}  // namespace

absl::Status PrepareAdminSocket(const Address& address) {
  const std::string what = address.ToString();
  if (!address.is_unix()) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": not a Unix socket; write unix:PATH"));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(address.path()).parent_path(), error);
  if (error) return ipc::ErrnoStatus(what, error.value());
  const ipc::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), address.get(), address.size()) == 0 || errno == EAGAIN) {
    return absl::AlreadyExistsError(
        absl::StrCat(what, ": another process", ListenerOf(probe.get()),
                     " answers there; is it a master of this configuration? \"ctl status\" tells"));
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return absl::OkStatus();
  return ipc::ErrnoStatus(what);
}

absl::StatusOr<AdminSocket> AdminSocket::Listen(const Address& address,
                                                const SocketRights& rights) {
  MUSTER_RETURN_IF_ERROR(PrepareAdminSocket(address));
  ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("socket for ", address.ToString()));
  // Where the kernel cannot, a client that may connect can also make its threads wait.
  (void)ipc::RefuseDescriptors(fd.get());
  MUSTER_ASSIGN_OR_RETURN(SocketFile file, SocketFile::Bind(fd.get(), address, rights));
  if (::listen(fd.get(), kBacklog) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("listen ", address.ToString()));
  }
  return AdminSocket(std::move(fd), std::move(file));
}

}  // namespace muster::master
