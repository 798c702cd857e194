#include "muster/master/admin/connection/admin_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

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

absl::Status PrepareAdminSocket(const listen::Address& address) {
  // Of TCP, binding it tells.
  if (!address.is_unix()) return absl::OkStatus();
  const std::string what = address.ToString();
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

}  // namespace muster::master
