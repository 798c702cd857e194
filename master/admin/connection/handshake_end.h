#ifndef MUSTER_MASTER_ADMIN_CONNECTION_HANDSHAKE_END_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_HANDSHAKE_END_H_

#include <chrono>

#include "muster/proto/event.pb.h"

namespace muster::master {

// How long a handshake of TLS may take.
inline constexpr std::chrono::seconds kHandshakePatience{10};

// Why the handshake of TLS ended that began `age` ago on this TCP socket, as far as it can be seen
// from outside gRPC, which tells nobody: who has ended the connection first.
admin::v1::RefusedHandshake::Reason WhyHandshakeEnded(int socket,
                                                      std::chrono::steady_clock::duration age);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_HANDSHAKE_END_H_
