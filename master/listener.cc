#include "master/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "ipc/status.h"

namespace muster::master {
namespace {

absl::Status SetOption(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof(on)) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("setsockopt ", name));
}

// Whether the path is that of a socket on which nobody answers: it outlives a process that was
// killed.
bool IsLeftBehind(const Address& address) {
  struct stat file = {};
  if (::stat(address.path().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const ipc::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), address.get(), address.size()) != 0 && errno == ECONNREFUSED;
}

absl::Status BindSocket(int fd, const Address& address) {
  if (::bind(fd, address.get(), address.size()) == 0) return absl::OkStatus();
  int error = errno;
  if (error == EADDRINUSE && address.is_unix() && IsLeftBehind(address)) {
    ::unlink(address.path().c_str());
    if (::bind(fd, address.get(), address.size()) == 0) return absl::OkStatus();
    error = errno;
  }
  const std::string what = absl::StrCat("bind ", address.ToString());
  if (error != EADDRINUSE) return ipc::ErrnoStatus(what, error);
  return absl::AlreadyExistsError(
      absl::StrCat(what, ": Address already in use; another process listens there"));
}

}  // namespace

absl::StatusOr<Listener> Listener::Bind(const Address& address, int backlog, Port port) {
  ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("socket for ", address.ToString()));
  if (!address.is_unix()) {
    MUSTER_RETURN_IF_ERROR(SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
  }
  if (address.family() == AF_INET6) {
    MUSTER_RETURN_IF_ERROR(SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  }
  if (port == Port::kShared) {
    MUSTER_RETURN_IF_ERROR(SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"));
  }
  MUSTER_RETURN_IF_ERROR(BindSocket(fd.get(), address));
  // From here on the destructor removes a Unix socket's path.
  Listener listener(std::move(fd), address);
  MUSTER_RETURN_IF_ERROR(listener.SetBacklog(backlog));
  if (!address.is_unix()) {
    MUSTER_ASSIGN_OR_RETURN(listener.address_, Address::OfSocket(listener.fd()));
  }
  return listener;
}

Listener::~Listener() {
  if (fd_.valid() && address_.is_unix()) ::unlink(address_.path().c_str());
}

absl::Status Listener::SharePort() const {
  return ipc::Annotate(SetOption(fd(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"),
                       address_.ToString());
}

absl::Status Listener::SetBacklog(int backlog) const {
  if (::listen(fd(), backlog) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("listen ", address_.ToString()));
}

}  // namespace muster::master
