#ifndef MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/master/access/caller.h"

namespace muster::master {

// The process at the other end of a Unix connection, as the kernel noted it in the moment of
// connect() (SO_PEERCRED). That process may have ended since, or may have given its end of the
// connection to another one. The pid is zero if it is in a pid namespace that we do not see.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups{};  // the others (SO_PEERGROUPS)

  static absl::StatusOr<Peer> OfSocket(int fd);

  // "uid 1000 (pid 4711)".
  std::string ToString() const;
  // For the rules of admin.allow and admin.deny.
  Caller ToCaller() const;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_
