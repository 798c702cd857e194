#include "muster/ctl/master/tcp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
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

absl::Status Unresolved(const std::string& host, absl::string_view reason) {
  return absl::UnavailableError(absl::StrCat("cannot resolve ", host, ": ", reason));
}

struct Resolved {
  int error = 0;  // EAI_NONAME and the like; 0: none
  std::string reason;
  std::vector<TcpAddress> addresses;
};

// Blocks as long as the resolver does. `flags`: besides AI_NUMERICSERV.
Resolved Resolve(const std::string& host, const std::string& port, int flags, LookUp look_up) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  Resolved resolved;
  resolved.error = look_up(host.c_str(), port.c_str(), &wanted, &list);
  if (resolved.error != 0) {
    resolved.reason =
        resolved.error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(resolved.error);
    return resolved;
  }
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    TcpAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    resolved.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return resolved;
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

absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const std::string& host, const std::string& port,
                                                   absl::Duration limit, LookUp look_up) {
  Resolved resolved = Resolve(host, port, AI_NUMERICHOST, ::getaddrinfo);
  if (resolved.error == EAI_NONAME) {
    auto promise = std::make_shared<std::promise<Resolved>>();
    std::future<Resolved> answer = promise->get_future();
    std::thread([promise, host, port, look_up] {
      promise->set_value(Resolve(host, port, 0, look_up));
    }).detach();
    if (answer.wait_for(absl::ToChronoNanoseconds(limit)) != std::future_status::ready) {
      return Unresolved(
          host, absl::StrCat("the resolver has not answered within ", FormatElapsed(limit)));
    }
    resolved = answer.get();
  }
  if (resolved.error != 0) return Unresolved(host, resolved.reason);
  if (resolved.addresses.empty()) return Unresolved(host, "it has no IP address");
  return std::move(resolved.addresses);
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
