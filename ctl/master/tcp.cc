#include "muster/ctl/master/tcp.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"

namespace muster::ctl {
namespace {

constexpr int kIdleSeconds = 10;
constexpr int kProbeSeconds = 2;
constexpr int kProbes = 3;

absl::Status Unreached(const TcpAddress& address, absl::string_view reason) {
  return absl::UnavailableError(absl::StrCat("connect ", address.ToString(), ": ", reason));
}

}  // namespace

std::string TcpAddress::ToString() const {
  char host[NI_MAXHOST] = "?";
  char port[NI_MAXSERV] = "?";
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host, sizeof(host), port,
                sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
  return storage.ss_family == AF_INET6 ? absl::StrCat("[", host, "]:", port)
                                       : absl::StrCat(host, ":", port);
}

std::string TcpAddress::ToTarget() const {
  return absl::StrCat(storage.ss_family == AF_INET6 ? "ipv6:" : "ipv4:", ToString());
}

absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const std::string& host,
                                                   const std::string& port) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &list);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("look up ", host, ": ",
                     error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error)));
  }
  std::vector<TcpAddress> found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    TcpAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    found.push_back(address);
  }
  ::freeaddrinfo(list);
  if (found.empty()) return absl::UnavailableError(absl::StrCat("look up ", host, ": no address"));
  return found;
}

absl::StatusOr<ipc::UniqueFd> ConnectTcp(const TcpAddress& address, absl::Duration limit) {
  ipc::UniqueFd fd(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!fd.valid()) return Unreached(address, std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A cut cable is noticed though nothing is sent.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof(kIdleSeconds));
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPINTVL, &kProbeSeconds, sizeof(kProbeSeconds));
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof(kProbes));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
    return fd;
  }
  if (errno != EINPROGRESS) return Unreached(address, std::strerror(errno));
  const ipc::Deadline deadline = ipc::Deadline::After(limit);
  pollfd done = {.fd = fd.get(), .events = POLLOUT, .revents = 0};
  const int ready = ipc::RetryOnEintr([&] { return ::poll(&done, 1, deadline.poll_timeout()); });
  if (ready == 0) {
    return Unreached(address, absl::StrCat("no answer within ", FormatElapsed(limit)));
  }
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Unreached(address, std::strerror(error));
  return fd;
}

}  // namespace muster::ctl
