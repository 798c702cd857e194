#include "muster/master/listen/listener.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/listen/listen_socket.h"

namespace muster::master {
namespace {

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
absl::Status SetLeastHops(int fd, const listen::Address& address, int least) {
  return address.family() == AF_INET6
             ? listen::SetSocketOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, "IPV6_MINHOPCOUNT",
                                       least)
             : listen::SetSocketOption(fd, IPPROTO_IP, IP_MINTTL, "IP_MINTTL", least);
}

}  // namespace

absl::StatusOr<Listener> Listener::Bind(const listen::Address& address,
                                        const listen::SocketRights& rights) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, listen::MakeSocket(address));
  Listener listener(std::move(fd), address);
  if (address.is_unix()) {
    MUSTER_ASSIGN_OR_RETURN(listen::SocketFile file,
                            listen::SocketFile::Bind(listener.fd(), address, rights));
    listener.file_.emplace(std::move(file));
    return listener;
  }
  MUSTER_RETURN_IF_ERROR(listen::BindSocket(listener.fd(), address));
  MUSTER_ASSIGN_OR_RETURN(listener.address_, listen::Address::OfSocket(listener.fd()));
  return listener;
}

Listener::~Listener() {
  // A worker that hangs may still have a duplicate.
  if (is_reserved_ && fd_.valid()) SetReusable(true);
}

absl::StatusOr<Listener> Listener::MakeBeside(const listen::Address& address) {
  // Whether it is one of this machine. Nobody else can have its port.
  const listen::Address any_port = address.WithPort(0);
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd probe, listen::MakeSocket(any_port));
  if (::bind(probe.get(), any_port.get(), any_port.size()) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("bind ", address.ToString()));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, listen::MakeSocket(address));
  Listener beside(std::move(fd), address);
  beside.is_bound_ = false;
  MUSTER_RETURN_IF_ERROR(beside.SharePort(true));
  return beside;
}

absl::StatusOr<Listener> Listener::MakeSibling() const {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, listen::MakeSocket(address_));
  Listener sibling(std::move(fd), address_);
  sibling.is_bound_ = false;
  MUSTER_RETURN_IF_ERROR(sibling.SharePort(true));
  return sibling;
}

absl::Status Listener::Probe(const listen::Address& address) {
  // Binding would make the file.
  if (address.is_unix()) return listen::SocketFile::Probe(address);
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd fd, listen::MakeSocket(address));
  return listen::BindSocket(fd.get(), address);
}

absl::Status Listener::Listen(int backlog) {
  if (!is_bound_) {
    MUSTER_RETURN_IF_ERROR(listen::BindSocket(fd(), address_));
    is_bound_ = true;
  }
  if (!is_listening_ && has_file() && !file().IsThere()) return file().Gone();
  if (!is_listening_ && !address_.is_unix()) SetReusable(true);
  if (is_retired_ && is_listening_) Admit();
  if (::listen(fd(), backlog) != 0) {
    if (errno == EADDRINUSE) return listen::InUse("listen", address_);
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
  if (!address_.is_unix()) (void)listen::BindSocket(fd(), address_);
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
  (void)listen::SetSocketOption(fd(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", on ? 1 : 0);
  is_reserved_ = !on;
}

absl::Status Listener::SharePort(bool on) {
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(
      listen::SetSocketOption(fd(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", on ? 1 : 0),
      address_.ToString()));
  shares_port_ = on;
  return absl::OkStatus();
}

}  // namespace muster::master
