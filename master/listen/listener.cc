#include "muster/master/listen/listener.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
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

// Drops each segment that begins a handshake, and lets all others pass: the last one of a handshake
// that has begun, and those of connections, which inherit the filter from the listener.
absl::Status DropHandshakes(int fd) {
  constexpr std::uint32_t kFlags = 13;  // their offset in the header of TCP
  constexpr std::uint32_t kSyn = 2;
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog program = {sizeof(steps) / sizeof(steps[0]), steps};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0) {
    return absl::OkStatus();
  }
  return ipc::ErrnoStatus("setsockopt SO_ATTACH_FILTER");
}

void DropFilter(int fd) {
  const int none = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
}

// Segments with fewer hops left are dropped, other than those of a handshake that has begun.
absl::Status SetLeastHops(int fd, const Address& address, int least) {
  return address.family() == AF_INET6
             ? SetOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, "IPV6_MINHOPCOUNT", least)
             : SetOption(fd, IPPROTO_IP, IP_MINTTL, "IP_MINTTL", least);
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

Listener::~Listener() {
  // A worker that hangs may still have a duplicate.
  if (is_reserved_ && fd_.valid()) SetReusable(true);
}

absl::StatusOr<Listener> Listener::MakeBeside(const Address& address) {
  // Whether it is one of this machine. Nobody else can have its port.
  const Address any_port = address.WithPort(0);
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd probe, MakeSocket(any_port));
  if (::bind(probe.get(), any_port.get(), any_port.size()) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("bind ", address.ToString()));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, MakeSocket(address));
  Listener beside(std::move(fd), address);
  beside.is_bound_ = false;
  MUSTER_RETURN_IF_ERROR(beside.SharePort(true));
  return beside;
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
  if (!is_listening_ && !address_.is_unix()) SetReusable(true);
  if (is_retired_ && is_listening_) Admit();
  if (::listen(fd(), backlog) != 0) {
    if (errno == EADDRINUSE) return InUse("listen", address_);
    return ipc::ErrnoStatus(absl::StrCat("listen ", address_.ToString()));
  }
  is_listening_ = true;
  backlog_ = backlog;
  return absl::OkStatus();
}

absl::Status Listener::Retire() {
  if (std::exchange(is_retired_, true)) return absl::OkStatus();
  if (has_file()) {
    file().Remove();
    return absl::OkStatus();
  }
  return ipc::Annotate(DropHandshakes(fd()), address_.ToString());
}

absl::Status Listener::RetireByHops() {
  return ipc::Annotate(SetLeastHops(fd(), address_, 255), address_.ToString());
}

void Listener::Admit() {
  if (!std::exchange(is_retired_, false) || has_file()) return;
  DropFilter(fd());
  SetLeastHops(fd(), address_, 0).IgnoreError();
}

ipc::UniqueFd Listener::Accept() const {
  ipc::UniqueFd connection(ipc::RetryOnEintr(
      [&] { return ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }));
  const int error = errno;
  if (connection.valid() && !address_.is_unix()) {
    DropFilter(connection.get());
    SetLeastHops(connection.get(), address_, 0).IgnoreError();
  }
  errno = error;
  return connection;
}

void Listener::StopListening() {
  // Closing is not enough: the duplicates would go on.
  ::shutdown(fd(), SHUT_RDWR);
  is_listening_ = false;
  Admit();
  // The kernel keeps the port only if it did not choose it itself.
  if (!address_.is_unix()) (void)BindSocket(fd(), address_);
}

void Listener::Reserve() {
  StopListening();
  if (address_.is_unix()) return;
  // What shares a port or can be reused, and does not listen, keeps nobody from binding.
  SharePort(false).IgnoreError();
  SetReusable(false);
  is_reserved_ = true;
}

void Listener::SetReusable(bool on) {
  (void)SetOption(fd(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", on ? 1 : 0);
  is_reserved_ = !on;
}

absl::Status Listener::SharePort(bool on) {
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(
      SetOption(fd(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", on ? 1 : 0), address_.ToString()));
  shares_port_ = on;
  return absl::OkStatus();
}

}  // namespace muster::master
