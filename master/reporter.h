#ifndef MUSTER_MASTER_REPORTER_H_
#define MUSTER_MASTER_REPORTER_H_

#include <cstdint>
#include <functional>
#include <set>

#include "absl/time/time.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/status_report.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/live_workers.h"
#include "muster/master/process/log.h"
#include "muster/proto/admin.pb.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// Tells others how the master and its workers are: the workers, in the zone's MasterStatus; health
// probes, on a board; the operator, in the Status of the admin service. In the loop's thread.
class Reporter {
 public:
  // What it looks at.
  struct Subjects {
    const SupervisorCore& core;
    const worker::SharedZone& zone;
    const LiveWorkers& workers;
    std::function<const Deployments&()> deployments;
    const Log& log;
  };

  // `timers`, which is the loop, and the subjects outlive it. The master's start is now.
  Reporter(loop::TimerQueue& timers, Subjects subjects);

  // For the workers, who show it to who asks them, and hand connections off by it.
  void PublishStatus();
  // For the probes. Once a second it is done in any case, since workers may hang.
  void PublishHealth();
  admin::v1::Status Report() const;
  HealthBoard& health() { return health_; }

  // A worker of a slot is told with what was counted since its first process got the slot.
  void OnSlotTaken(std::uint32_t slot);
  void OnSlotReleased(std::uint32_t slot) { counted_before_.erase(slot); }
  void OnExit(std::uint32_t slot) {
    silent_.erase(slot);
    usage_.erase(slot);
  }
  // The connections that the worker of the slot closed since its drain took too long.
  std::uint64_t ClosedAtDeadline(std::uint32_t slot) const;

 private:
  void FeelPulses();
  Hung FindHung() const;
  void LookAtUsage();

  const Subjects subjects_;
  const loop::TimerQueue& timers_;
  const absl::Time start_time_;  // for display
  const TimePoint started_;
  HealthBoard health_;
  CountedBefore counted_before_;    // of the slots that are taken
  std::set<std::uint32_t> silent_;  // slots of workers that do not run their loop
  Usage usage_;                     // of the workers' processes, at the last pulse
  loop::Timer pulse_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_REPORTER_H_
