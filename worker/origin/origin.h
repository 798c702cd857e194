#ifndef MUSTER_WORKER_ORIGIN_ORIGIN_H_
#define MUSTER_WORKER_ORIGIN_ORIGIN_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "muster/proto/handoff.pb.h"
#include "muster/worker/origin/peer_address.h"

namespace muster::worker {

// The process that connected to a Unix socket, as it was at that moment (SO_PEERCRED). The pid may
// be another process's by now.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;

  friend bool operator==(const PeerCredentials&, const PeerCredentials&) = default;
};

// Who the client of a connection is, and by which listener it came. A value. It stays the same over
// handoffs, whatever becomes of the listener.
struct Origin {
  // The client's: as a trusted proxy told by the PROXY protocol, or else the connection's own peer.
  PeerAddress address = {};
  // A proxy told it.
  bool is_proxied = false;
  // The listener's name in the configuration by which it was accepted. Empty: it had none, or a
  // worker of an older version has handed the connection off.
  std::string listener = {};
  // On a Unix socket only: of the process at its other end, which is the proxy if there is one.
  std::optional<PeerCredentials> credentials = {};
};

// What the kernel tells of the other end of a connected socket. It is the same in every process
// that has the socket. An error of the kernel leaves the parts empty.
Origin ReadOrigin(int socket);
std::optional<PeerCredentials> ReadPeerCredentials(int socket);

// What the kernel does not tell, for another worker (proto/handoff.proto).
v1::Origin SaveOrigin(const Origin& origin);
// Completes what the kernel tells by what another worker saved. That may come from a broken peer:
// an address or a name that cannot be is left out.
void RestoreOrigin(const v1::Origin& saved, Origin& origin);
// The most bytes of what SaveOrigin makes, as a field of a message.
inline constexpr int kMostOriginBytes = 112;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_ORIGIN_H_
