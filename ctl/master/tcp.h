#ifndef MUSTER_CTL_MASTER_TCP_H_
#define MUSTER_CTL_MASTER_TCP_H_

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

// Looks `host` up, which may be a name or an address, as the machine's resolver does. Blocks as
// long as that. Unavailable: there is none; the message has the resolver's reason.
absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const std::string& host,
                                                   const std::string& port);

// Connects, for at most `limit`. Unavailable: nobody takes connections there; the message has the
// kernel's reason.
absl::StatusOr<ipc::UniqueFd> ConnectTcp(const TcpAddress& address, absl::Duration limit);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_TCP_H_
