#ifndef MUSTER_WORKER_RUNTIME_CONNECTION_H_
#define MUSTER_WORKER_RUNTIME_CONNECTION_H_

#include <sys/socket.h>

#include <cstddef>

#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/worker/runtime/connection_lease.h"

namespace muster::worker {

// A client's connection, as a service gets it: accepted by this worker, or adopted from another
// one. Move-only. Destruction closes it and gives its lease back.
struct Connection {
  ipc::UniqueFd fd;  // non-blocking, close-on-exec
  sockaddr_storage peer = {};
  socklen_t peer_bytes = 0;
  // Keep it exactly as long as the connection. The worker counts its connections by their leases,
  // and a draining worker exits when none is left.
  ConnectionLease lease;
  // It was accepted by a worker that drains, and no service has seen it yet. For the runtime.
  bool is_fresh = false;
};

// The most bytes of state that a service may hand off with a connection: one message.
inline constexpr std::size_t kMostHandoffStateBytes = ipc::kMaxChannelPayloadBytes;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_CONNECTION_H_
