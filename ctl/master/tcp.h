#ifndef MUSTER_CTL_MASTER_TCP_H_
#define MUSTER_CTL_MASTER_TCP_H_

#include <netdb.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {

struct TcpAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  // "127.0.0.1:9000", "[::1]:9000".
  std::string ToString() const;
  // The same as gRPC names it: "ipv4:127.0.0.1:9000".
  std::string ToTarget() const;
};

// As getaddrinfo(3). It may be called in another thread, and until the end of the process.
using LookUp = int (*)(const char* host, const char* port, const addrinfo* wanted,
                       addrinfo** found);

// Looks `host` up, which may be a name or an address, as the machine's resolver does, for at most
// `limit`: a name in a thread of its own, since the resolver knows no deadline. That thread goes on
// after the limit, and touches nothing of the caller's. Unavailable: there is no address, or no
// answer in time; the message has the reason.
absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const std::string& host, const std::string& port,
                                                   absl::Duration limit,
                                                   LookUp look_up = ::getaddrinfo);

// Connects, for at most `limit`. Unavailable: nobody takes connections there; the message has the
// kernel's reason.
absl::StatusOr<ipc::UniqueFd> ConnectTcp(const TcpAddress& address, absl::Duration limit);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_TCP_H_
