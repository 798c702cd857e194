#ifndef MUSTER_WORKER_RUNTIME_SERVICE_H_
#define MUSTER_WORKER_RUNTIME_SERVICE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/context.h"

namespace muster::worker {

// What a worker serves: your code, one object in each worker process. The runtime calls it in the
// loop's thread only. No call may block.
class Service {
 public:
  virtual ~Service() = default;

  // Takes ownership of a connection that was just accepted.
  virtual void OnConnection(Connection connection) = 0;

  // Takes ownership of a connection that another worker's service handed off. That worker may run
  // an earlier version of this program. `state` is what it gave to Context::HandOff, and may come
  // from a broken peer. To refuse a connection, drop it and return an error, which is logged. A
  // service that hands nothing off need not override this.
  virtual absl::Status Adopt(Connection /*connection*/, std::string /*state*/) {
    return absl::UnimplementedError("this service adopts no connections");
  }

  // Opens log files and their like again after they were moved. On error the old ones stay in use.
  virtual absl::Status Reopen() = 0;

  // How a drain treats a connection that has no request in flight.
  enum class Idle {
    kHandOff,  // other workers serve on: give it to Context::HandOff if Context::HasHandoffRoom,
               // or serve it on, or let it end in its own time
    kClose,    // nobody serves any more: close it now
  };
  // Finishes the requests in flight, treats each connection as `idle` says once it has none, and
  // gives the leases back. No new connections are accepted from here on, but Adopt may still be
  // called. Called once, or twice: with kHandOff and then with kClose. worker/runtime/drain.h has
  // what the runtime does around it.
  virtual void Drain(Idle idle) = 0;

  // After Drain with kHandOff: other workers have room again for connections that were kept because
  // Context::HasHandoffRoom was false, or take longer states than Context::MostHandoffStateBytes
  // said. Hand those off that have no request in flight.
  virtual void OnHandoffRoom() {}

  // The process is about to exit without destroying the service, because a task of
  // Context::threads() does not return and uses it still. Writes out what was held back, such as
  // lines of a log.
  virtual void BeforeExit() {}
};

// Makes the service. An error, for example about a value in the configuration, is shown to the
// operator as the reason for a refused reload.
using ServiceFactory = std::function<absl::StatusOr<std::unique_ptr<Service>>(Context&)>;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_SERVICE_H_
