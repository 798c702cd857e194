#ifndef MUSTER_WORKER_RUNTIME_CONTEXT_H_
#define MUSTER_WORKER_RUNTIME_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/log/target.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"  // IWYU pragma: export; services set timers on this loop
#include "muster/proto/config.pb.h"
#include "muster/worker/metrics/metrics.h"  // IWYU pragma: export; services count with it
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/service_config.h"
#include "muster/worker/threads/thread_pool.h"  // IWYU pragma: export; services submit tasks to it
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {

class UserZone;

// What a service may use of the worker that runs it. It outlives the service. Only Post, Log,
// metrics, threads and zone(name) may be called from other threads; everything else belongs to the
// loop's thread.
// docs/SERVICES.md shows how to use it.
class Context {
 public:
  virtual ~Context() = default;

  // For descriptors, timers, tasks and SetBeforeWait. Running the loop, and its gate, are the
  // runtime's.
  virtual loop::EventLoop& loop() = 0;

  // The configuration, with defaults filled in and absolute paths.
  virtual const config::v1::Config& config() const = 0;
  // The message in `service` of the configuration, with its defaults filled in. InvalidArgument:
  // the message is missing, it is of another type, or a value breaks a rule.
  template <typename Message>
  absl::StatusOr<Message> ServiceConfig() const {
    Message message;
    MUSTER_RETURN_IF_ERROR(ReadServiceConfig(config(), &message));
    return message;
  }

  // This worker's number: 0 to N-1 among the N workers of its generation. Operators see it first.
  // During a reload a worker of the old generation and one of the new have the same number.
  virtual std::uint32_t index() const = 0;
  // This worker's place in the shared zone, below zone().capacity(). No other live process of any
  // generation has the same.
  virtual std::uint32_t slot() const = 0;
  virtual std::uint64_t generation() const = 0;

  // This worker's counters. The service keeps `requests`, `responses`, `bytes_received`,
  // `bytes_sent`, `reading`, `writing` and `waiting`. The runtime keeps the others.
  virtual SlotStats& stats() = 0;
  // The zone that the master and all workers share, for reading.
  virtual const SharedZone& zone() const = 0;
  // The user zone that the configuration declares by this name (worker/zone/user_zone.h). It lives
  // as long as the Context, and what is got from it is not used after that. All threads may use it.
  // FailedPrecondition: no zone has this name.
  virtual absl::StatusOr<const UserZone*> zone(absl::string_view name) const = 0;

  // Counters, gauges and histograms of the service's own (worker/metrics/metrics.h): what it
  // registers here appears with muster's. All threads may use it.
  virtual Metrics& metrics() = 0;

  // Threads for what would block the loop (worker/threads/thread_pool.h). All threads may use it.
  // As it is here, it has no threads, as without `threads` in the configuration.
  virtual ThreadPool& threads() {
    static auto* const none = new ThreadPool();
    return *none;
  }

  // Runs `task` in the loop's thread. Thread-safe. Tasks of one thread run in the order of its
  // calls. Once the destruction of the service has begun no task runs; those that are left are
  // dropped. The service must have ended its own threads when its destructor returns; those of
  // threads() end before it begins.
  virtual void Post(std::function<void()> task) = 0;
  // Writes one line for the operator into the error log; control characters and bytes that are not
  // UTF-8 are escaped, and a line of more than 4 KiB is cut. Does not wait for whoever reads the
  // log. Thread-safe.
  virtual void Log(config::v1::Log::Level level, absl::string_view line) = 0;

  // Opens a log of the configuration, at the start of the service and in each Reopen: the file that
  // the master has opened for this worker, or else as log::Target::Open. Error: why neither could
  // be done; the service goes on with what it has.
  virtual absl::StatusOr<log::Target> OpenLog(const std::string& path) {
    return log::Target::Open(path);
  }

  // True from the first DRAIN or QUIT on (worker/runtime/drain.h).
  virtual bool is_draining() const = 0;
  // Whether a worker that stays has room for one more connection. If not, serve it on: the runtime
  // calls Service::OnHandoffRoom when there is room. Only in and after Service::Drain with
  // kHandOff.
  virtual bool HasHandoffRoom() = 0;
  // The most bytes of state that may be handed off with a connection now: kMostHandoffMemoryBytes,
  // or kMostHandoffStateBytes while a worker of an older program may take it. The runtime calls
  // Service::OnHandoffRoom when it has become more.
  virtual std::size_t MostHandoffStateBytes() { return kMostHandoffStateBytes; }
  // Gives a connection to a worker that stays. That worker's service receives it in Adopt, with the
  // same `state` of at most MostHandoffStateBytes. The client notices nothing. Only in and after
  // Service::Drain with kHandOff, and after HasHandoffRoom was true: nobody serves it until another
  // worker has room. If no worker takes it, this one's service receives it in Adopt. The service
  // removes the descriptor from the loop first, and does not use it any more.
  virtual void HandOff(Connection connection, std::string state) = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_CONTEXT_H_
