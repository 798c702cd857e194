#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CALLER_OF_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CALLER_OF_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/access/caller.h"
#include "muster/master/admin/connection/peer.h"

namespace muster::master {

// Who makes a call: of a Unix socket the peer; with TLS whom the certificate names; else nobody
// knows. It is the same for all calls of a connection. `auth`: of a call; null in a test without
// one. Thread-safe.
Caller CallerOf(const Peer& peer, const grpc::AuthContext* auth);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CALLER_OF_H_
