#include "muster/master/listen/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/descriptor_refusal.h"

namespace muster::master {
namespace {

absl::Status SetOption(int fd, int level, int option, const char* name, int value = 1) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("setsockopt ", name));
}

// The first port that needs no privilege to be bound: the network namespace's.
int FirstUnprivilegedPort() {
  std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  int port = 1024;
  return file >> port ? port : 1024;
}

// What helps against EACCES.
std::string HowToBind(const Address& address) {
  const int first = FirstUnprivilegedPort();
  if (address.port() == 0 || address.port() >= first) return "";
  std::error_code ignored;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  return absl::StrCat("; ports below ", first,
                      " need a privilege. Run as root, or: setcap cap_net_bind_service=+ep ",
                      program, ", or: sysctl net.ipv4.ip_unprivileged_port_start=", address.port());
}

absl::Status InUse(absl::string_view call, const Address& address) {
  return absl::AlreadyExistsError(absl::StrCat(
      call, " ", address.ToString(), ": Address already in use; another process listens there"));
}

absl::Status BindSocket(int fd, const Address& address) {
  if (::bind(fd, address.get(), address.size()) == 0) return absl::OkStatus();
  const int error = errno;
  if (error == EADDRINUSE) return InUse("bind", address);
  const absl::Status status = ipc::ErrnoStatus(absl::StrCat("bind ", address.ToString()), error);
  if (error != EACCES) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), HowToBind(address)));
}

absl::StatusOr<ipc::UniqueFd> MakeSocket(const Address& address) {
  ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("socket for ", address.ToString()));
  if (address.is_unix()) {
    // Workers read bytes alone: the kernel would close the descriptors, and might wait for that.
    (void)ipc::RefuseDescriptors(fd.get());
  } else {
    MUSTER_RETURN_IF_ERROR(SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
  }
  if (address.family() == AF_INET6) {
    MUSTER_RETURN_IF_ERROR(SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  }
  return fd;
}

}  // namespace

absl::StatusOr<Listener> Listener::Bind(const Address& address, const SocketRights& rights) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, MakeSocket(address));
  Listener listener(std::move(fd), address);
  if (address.is_unix()) {
    MUSTER_ASSIGN_OR_RETURN(SocketFile file, SocketFile::Bind(listener.fd(), address, rights));
    listener.file_.emplace(std::move(file));
    return listener;
  }
  MUSTER_RETURN_IF_ERROR(BindSocket(listener.fd(), address));
  MUSTER_ASSIGN_OR_RETURN(listener.address_, Address::OfSocket(listener.fd()));
  return listener;
}

absl::StatusOr<Listener> Listener::MakeSibling() const {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, MakeSocket(address_));
  Listener sibling(std::move(fd), address_);
  sibling.is_bound_ = false;
  MUSTER_RETURN_IF_ERROR(sibling.SharePort(true));
  return sibling;
}

absl::Status Listener::Probe(const Address& address) {
  // Binding would make the file.
  if (address.is_unix()) return SocketFile::Probe(address);
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd fd, MakeSocket(address));
  return BindSocket(fd.get(), address);
}

absl::Status Listener::Listen(int backlog) {
  if (!is_bound_) {
    MUSTER_RETURN_IF_ERROR(BindSocket(fd(), address_));
    is_bound_ = true;
  }
  if (!is_listening_ && has_file() && !file().IsThere()) return file().Gone();
  if (::listen(fd(), backlog) != 0) {
    if (errno == EADDRINUSE) return InUse("listen", address_);
    return ipc::ErrnoStatus(absl::StrCat("listen ", address_.ToString()));
  }
  is_listening_ = true;
  backlog_ = backlog;
  return absl::OkStatus();
}

void Listener::StopListening() {
  // Closing is not enough: the duplicates would go on.
  ::shutdown(fd(), SHUT_RDWR);
  is_listening_ = false;
}

absl::Status Listener::SharePort(bool on) {
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(
      SetOption(fd(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", on ? 1 : 0), address_.ToString()));
  shares_port_ = on;
  return absl::OkStatus();
}

}  // namespace muster::master
