#ifndef MUSTER_WORKER_RUNTIME_HEARTBEAT_H_
#define MUSTER_WORKER_RUNTIME_HEARTBEAT_H_

#include <chrono>
#include <functional>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"

namespace muster::worker {

// Shows other processes that this worker's loop still runs its rounds: writes the time into the
// worker's line of the registry, once a second until destruction. A worker that is stopped, or that
// is stuck in one call of its service, does not beat. An idle worker does, and so does a draining
// one.
//
// The readers are the status page and the metrics, in any worker, by ZoneSnapshot::since_heartbeat
// (worker/zone/zone_snapshot.h): an operator is alerted by muster_worker_heartbeat_age_seconds. And
// the master, which tells health probes and ctl of a worker that hangs
// (master/workers/worker_pulse.h), and kills it if the configuration wants that. Deaths it learns
// by pidfd.
//
// In the loop's thread.
class Heartbeat {
 public:
  static constexpr std::chrono::seconds kInterval{1};

  // Beats now, and from then on each kInterval after the last beat. After each beat, the first
  // included, `then` is called, for what a worker does once a second. `timers`, which is the loop,
  // outlives this, as do `registry`'s memory and what `then` uses.
  Heartbeat(loop::TimerQueue& timers, const ipc::Registry& registry, ipc::OwnerTag tag,
            std::function<void()> then);

 private:
  void Beat();

  loop::TimerQueue& timers_;
  const ipc::Registry registry_;
  const ipc::OwnerTag tag_;
  const std::function<void()> then_;
  loop::Timer timer_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HEARTBEAT_H_
