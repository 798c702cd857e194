// Sockets that a service manager passes.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/descriptor_refusal.h"
#include "muster/master/listen/listener.h"

namespace muster::master {
namespace {

// Nothing: it has no such option.
std::optional<int> Option(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(fd, level, option, &value, &size) != 0) return std::nullopt;
  return value;
}

absl::Status Unfit(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckKind(int fd) {
  const std::optional<int> type = Option(fd, SOL_SOCKET, SO_TYPE);
  if (!type.has_value()) return Unfit("is no socket");
  if (type != SOCK_STREAM) return Unfit("is no stream socket; use ListenStream=");
  const std::optional<int> family = Option(fd, SOL_SOCKET, SO_DOMAIN);
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return Unfit("is a socket of neither IPv4, IPv6 nor Unix");
  }
  if (Option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return Unfit("does not listen; use Accept=no");
  }
  return absl::OkStatus();
}

// An IPv6 socket with IPV6_V6ONLY off takes IPv4 connections, too, if it is bound to any address.
absl::Status CheckIsIpv6Only(const listen::Address& address, int fd) {
  const auto& in6 = *reinterpret_cast<const sockaddr_in6*>(address.get());
  if (!IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr)) return absl::OkStatus();
  if (Option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1) return absl::OkStatus();
  return Unfit(absl::StrCat("listens on ", address.ToString(),
                            " for IPv4, too; use BindIPv6Only=ipv6-only"));
}

// As listen(2) was told. The kernel tells it of TCP only.
int BacklogOf(int fd) {
  tcp_info info = {};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return SOMAXCONN;
  return static_cast<int>(info.tcpi_sacked);
}

}  // namespace

absl::StatusOr<Listener> Listener::Adopt(ipc::UniqueFd fd, bool is_shared) {
  MUSTER_RETURN_IF_ERROR(CheckKind(fd.get()));
  MUSTER_ASSIGN_OR_RETURN(const listen::Address address, listen::Address::OfSocket(fd.get()));
  if (address.is_unix() && address.path().empty()) {
    return Unfit("listens on an abstract Unix socket, which no configuration can name");
  }
  if (address.family() == AF_INET6) MUSTER_RETURN_IF_ERROR(CheckIsIpv6Only(address, fd.get()));
  if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 ||
      ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0) {
    return ipc::ErrnoStatus("fcntl");
  }
  Listener listener(std::move(fd), address);
  listener.is_listening_ = true;
  listener.is_shared_ = is_shared;
  if (address.is_unix()) {
    (void)ipc::RefuseDescriptors(listener.fd());
    listener.backlog_ = SOMAXCONN;
    MUSTER_ASSIGN_OR_RETURN(listen::SocketFile file, listen::SocketFile::Adopt(address, is_shared));
    listener.file_.emplace(std::move(file));
    return listener;
  }
  listener.backlog_ = BacklogOf(listener.fd());
  listener.shares_port_ = Option(listener.fd(), SOL_SOCKET, SO_REUSEPORT) == 1;
  // A master that retired it may have been killed before the service manager dropped it.
  listener.is_retired_ = !is_shared;
  listener.Admit();
  return listener;
}

}  // namespace muster::master
