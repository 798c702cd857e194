#include "muster/listen/listen_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/descriptor_refusal.h"

namespace muster::listen {
namespace {

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

}  // namespace

absl::Status SetSocketOption(int fd, int level, int option, const char* name, int value) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("setsockopt ", name));
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
    MUSTER_RETURN_IF_ERROR(SetSocketOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
  }
  if (address.family() == AF_INET6) {
    MUSTER_RETURN_IF_ERROR(SetSocketOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  }
  return fd;
}

}  // namespace muster::listen
