#ifndef WORKER_SERVICE_H_
#define WORKER_SERVICE_H_

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/unique_fd.h"
#include "loop/event_loop.h"
#include "proto/config.pb.h"
#include "worker/connection_lease.h"
#include "worker/shared_zone.h"

namespace muster::worker {

// What a service may use of the worker that runs it. It outlives the service. All of it
// belongs to the loop's thread.
class Context {
 public:
  virtual ~Context() = default;
  // For descriptors, timers, tasks and SetBeforeWait; running it, and its gate, are the runtime's.
  virtual loop::EventLoop& loop() = 0;
  // Defaults filled in, paths absolute.
  virtual const config::v1::Config& config() const = 0;
  virtual std::uint32_t slot() const = 0;
  virtual std::uint64_t generation() const = 0;
  // This worker's counters. `accepted`, `handled` and `active` are the runtime's; the
  // others are the service's to keep.
  virtual SlotStats& stats() = 0;
  // Of all workers, to read.
  virtual const SharedZone& zone() const = 0;
  virtual bool is_draining() const = 0;
};

// A connection that was just accepted.
struct Connection {
  ipc::UniqueFd fd;  // non-blocking, close-on-exec
  sockaddr_storage peer = {};
  socklen_t peer_bytes = 0;
  // Keep it as long as the connection lives: the worker counts its connections by it and
  // exits from a drain when none is left.
  ConnectionLease lease;
};

// What a worker serves. One object, in one thread; no call may block.
class Service {
 public:
  virtual ~Service() = default;

  // Takes a connection over.
  virtual void OnConnection(Connection connection) = 0;

  // Opens files again that were moved away. On error the old ones stay in use.
  virtual absl::Status Reopen() = 0;

  // How a drain treats connections without a request in flight.
  enum class Idle {
    kUntilNextResponse,  // a successor serves: answer one more request, then close
    kClose,              // nobody serves any more: close now
  };
  // No more connections come. Finish what is in flight and give the leases back. May be
  // called again, with kClose after kUntilNextResponse.
  virtual void Drain(Idle idle) = 0;
};

// Makes the service; what it cannot use in the configuration is an error, which the
// operator reads as the reason for a refused reload.
using ServiceFactory = std::function<absl::StatusOr<std::unique_ptr<Service>>(Context&)>;

}  // namespace muster::worker

#endif  // WORKER_SERVICE_H_
