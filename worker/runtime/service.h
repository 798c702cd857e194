#ifndef MUSTER_WORKER_RUNTIME_SERVICE_H_
#define MUSTER_WORKER_RUNTIME_SERVICE_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service_config.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// The most that a service may hand off beside a connection's descriptor: one message.
inline constexpr std::size_t kMostHandoffStateBytes = ipc::kMaxChannelPayloadBytes;

// A client's connection, accepted here or adopted from another worker.
struct Connection {
  ipc::UniqueFd fd;  // non-blocking, close-on-exec
  sockaddr_storage peer = {};
  socklen_t peer_bytes = 0;
  // Keep it as long as the connection lives: the worker counts its connections by it and
  // exits from a drain when none is left.
  ConnectionLease lease;
};

// What a service may use of the worker that runs it. It outlives the service. All of it
// but Post and Log belongs to the loop's thread. docs/SERVICES.md shows how to use it.
class Context {
 public:
  virtual ~Context() = default;
  // For descriptors, timers, tasks and SetBeforeWait; running it, and its gate, are the runtime's.
  virtual loop::EventLoop& loop() = 0;
  // Defaults filled in, paths absolute.
  virtual const config::v1::Config& config() const = 0;
  // The message that stands in `service` of the configuration, its defaults filled in and its
  // rules kept. InvalidArgument: it is missing, another message, or breaks a rule.
  template <typename Message>
  absl::StatusOr<Message> ServiceConfig() const {
    Message message;
    MUSTER_RETURN_IF_ERROR(ReadServiceConfig(config(), &message));
    return message;
  }
  // Its number, 0 to N-1 among the N workers of its generation: what operators call it by. During a
  // reload a worker of the old and one of the new generation have the same.
  virtual std::uint32_t index() const = 0;
  // Its place in the shared zone, which no other live process of any generation has. Below
  // zone().capacity().
  virtual std::uint32_t slot() const = 0;
  virtual std::uint64_t generation() const = 0;
  // This worker's counters. `accepted`, `handled` and `active` are the runtime's; the
  // others are the service's to keep.
  virtual SlotStats& stats() = 0;
  // Of all workers, to read. Its registry knows who lives, for locks in zones of the service's own.
  virtual const SharedZone& zone() const = 0;
  // By which those locks know this process, in the loop's thread.
  virtual ipc::OwnerTag tag() const = 0;
  // The zone that the configuration declares by this name. It lives as long as this.
  // FailedPrecondition: there is none.
  virtual absl::StatusOr<const UserZone*> zone(absl::string_view name) const = 0;
  // Runs `task` in the loop's thread, in the order of the calls of a thread; from any thread. Not
  // once the destruction of the service has begun: what is left is dropped. The service has ended
  // its threads when it is destroyed.
  virtual void Post(std::function<void()> task) = 0;
  // A line for the operator, into the error log; from any thread. Control characters are escaped.
  virtual void Log(config::v1::Log::Level level, absl::string_view line) = 0;
  virtual bool is_draining() const = 0;
  // During Drain with kHandOff and after it: gives a connection to a worker that stays, whose
  // service gets it in Adopt with the same `state` (at most kMostHandoffStateBytes).
  // The service has removed the descriptor from the loop and uses it no more. The client
  // notices nothing.
  virtual void HandOff(Connection connection, std::string state) = 0;
};

// What a worker serves. One object, in one thread; no call may block.
class Service {
 public:
  virtual ~Service() = default;

  // Takes a connection over that was just accepted.
  virtual void OnConnection(Connection connection) = 0;

  // Takes a connection over that another worker's service handed off, of this program or an earlier
  // version of it: `state` is what that gave to HandOff, and may be from a broken peer. What cannot
  // be taken is closed by dropping it, and is the error. A service that hands nothing off
  // need not override it.
  virtual absl::Status Adopt(Connection /*connection*/, std::string /*state*/) {
    return absl::UnimplementedError("this service adopts no connections");
  }

  // Opens files again that were moved away. On error the old ones stay in use.
  virtual absl::Status Reopen() = 0;

  // How a drain treats connections without a request in flight.
  enum class Idle {
    kHandOff,  // others serve: give them to Context::HandOff, or let them end in their time
    kClose,    // nobody serves any more: close them now
  };
  // No more connections come. Finish what is in flight, then treat that connection as `idle` says,
  // and give the leases back. May be called again, with kClose after kHandOff.
  virtual void Drain(Idle idle) = 0;
};

// Makes the service; what it cannot use in the configuration is an error, which the
// operator reads as the reason for a refused reload.
using ServiceFactory = std::function<absl::StatusOr<std::unique_ptr<Service>>(Context&)>;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_SERVICE_H_
