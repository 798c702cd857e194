#ifndef MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/master/access/caller.h"

namespace muster::master {

// Who is at the other end of a connection, as far as the socket tells. Of a Unix socket the
// process, as the kernel noted it in the moment of connect() (SO_PEERCRED). It may have ended
// since, or may have given its end of the connection to another one. The pid is zero if it is in a
// pid namespace that we do not see.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups{};  // the others (SO_PEERGROUPS)
  std::string host{};           // of TCP: "10.0.0.7"
  std::string address{};        // of TCP: "10.0.0.7:51234"

  static absl::StatusOr<Peer> OfSocket(int fd);

  bool is_unix() const { return address.empty(); }
  // "uid 1000 (pid 4711)", "10.0.0.7:51234".
  std::string ToString() const;
  // Whose connections are counted together: "uid 1000", "10.0.0.7".
  std::string share() const;
  // Of a Unix socket, for the rules of admin.allow and admin.deny.
  Caller ToCaller() const;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_PEER_H_
