#ifndef MUSTER_WORKER_RUNTIME_CONNECTION_H_
#define MUSTER_WORKER_RUNTIME_CONNECTION_H_

#include <cstddef>

#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/loop/clock.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/runtime/connection_lease.h"

namespace muster::worker {

// A client's connection, as a service gets it: accepted by this worker, or adopted from another
// one. Move-only. Destruction closes it and gives its lease back.
struct Connection {
  ipc::UniqueFd fd;  // non-blocking, close-on-exec
  // Who the client is, and by which listener it came. Of a connection that was adopted it has what
  // the kernel tells, until RestoreOrigin.
  Origin origin;
  // When it was accepted, if it was not adopted. The header of a proxy came after that.
  loop::TimePoint accepted = {};
  // Keep it exactly as long as the connection. The worker counts its connections by their leases,
  // and a draining worker exits when none is left.
  ConnectionLease lease;
  // It was accepted by a worker that drains or by the master, and no service has seen it yet. For
  // the runtime.
  bool is_fresh = false;
};

// Completes the origin of a connection that was adopted by what the other worker's service had
// saved of it (SaveOrigin). It may come from a broken peer.
inline void RestoreOrigin(const v1::Origin& saved, Connection& connection) {
  RestoreOrigin(saved, connection.origin);
  connection.lease.SetClient(connection.origin);
}

// The most bytes of state that a service may always hand off with a connection: one message.
inline constexpr std::size_t kMostHandoffStateBytes = ipc::kMaxChannelPayloadBytes;
// The most if all workers that may take the connection read states from memory of their own
// (Context::MostHandoffStateBytes).
inline constexpr std::size_t kMostHandoffMemoryBytes = std::size_t{128} << 20;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_CONNECTION_H_
