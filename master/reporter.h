#ifndef MUSTER_MASTER_REPORTER_H_
#define MUSTER_MASTER_REPORTER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/report/status_report.h"
#include "muster/master/admin/report/status_snapshot.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/process/log.h"
#include "muster/master/workers/live_workers.h"
#include "muster/master/workers/worker_pulse.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// Tells others how the master and its workers are: the workers, in the zone's MasterStatus; health
// probes, on a board; the operator, in the Status of the admin service. In the loop's thread, where
// nothing else is said.
class Reporter {
 public:
  // What it looks at.
  struct Subjects {
    const SupervisorCore& core;
    const worker::SharedZone& zone;
    const LiveWorkers& workers;
    std::function<const Deployments&()> deployments;
    const Log& log;
    // Called when a worker has ceased to run its loop, and for how long, and when it runs it again.
    // Null: nobody.
    std::function<void(std::uint32_t slot, std::optional<Duration> hung_for)> on_pulse{};
  };

  // `timers`, which is the loop, and the subjects outlive it. The master's start is now.
  Reporter(loop::TimerQueue& timers, Subjects subjects);
  // From now on it feels the pulses of the workers, once a second.
  void Begin() { pulse_.SetAfter(kBetweenPulses); }

  // ---- For another program in this process (reporter_state.cc) ----

  // The master's start, what slots had counted before, and who is known to hang. What is looked at
  // again, as the usage of processes, is not among it.
  state::v1::ReporterState Save() const;
  // Before Begin. Tells nobody. The error has the field.
  absl::Status Restore(const state::v1::ReporterState& state);

  // For the workers, who show it to who asks them, and hand connections off by it.
  void PublishStatus();
  // For the probes. Once a second it is done in any case, since workers may hang.
  void PublishHealth();
  admin::v1::Status Report() const;
  // Makes what changed since the last time known to ReportPublished.
  void Publish();
  // The status that was published last, with what the workers have counted by now: as a message,
  // and serialised, which costs a fraction of that. In any thread.
  admin::v1::Status ReportPublished() const;
  std::string WritePublished(StatusPart part) const;
  // The metrics of the service that was known then, with what the workers have counted by now. In
  // any thread.
  std::vector<admin::v1::Metric> ReadMetrics() const {
    return published()->ReadMetrics(subjects_.zone);
  }
  // The generation that served then. In any thread.
  std::uint64_t published_generation() const { return published()->snapshot().master.generation(); }
  HealthBoard& health() { return health_; }

  // A worker of a slot is told with what was counted since its first process got the slot.
  void OnSlotTaken(std::uint32_t slot);
  void OnSlotReleased(std::uint32_t slot) {
    counted_before_.erase(slot);
    latency_before_.erase(slot);
  }
  void OnExit(std::uint32_t slot) {
    silent_.erase(slot);
    hangs_.erase(slot);
    usage_.erase(slot);
  }
  // For how long the worker of the slot has not run its loop. Empty: it does.
  std::optional<Duration> HungFor(std::uint32_t slot) const;
  // What was found out about a worker that does not run its loop, until it does.
  void SetHang(std::uint32_t slot, admin::v1::Hang hang) { hangs_[slot] = std::move(hang); }
  // The connections that the worker of the slot closed since its drain took too long.
  std::uint64_t ClosedAtDeadline(std::uint32_t slot) const;

 private:
  static constexpr std::chrono::seconds kBetweenPulses{1};

  StatusSnapshot TakeSnapshot() const;
  std::shared_ptr<const StatusReport> published() const;
  void FeelPulses();
  Hung FindHung() const;
  // In any thread.
  Hung FindHung(const StatusSnapshot& snapshot, TimePoint now) const;
  void LookAtUsage();
  // Whether the loop has run by now, as it does once a second. In any thread.
  bool HasRun(TimePoint now) const;
  // What silence counts of a worker that may be silent for so long. In any thread.
  Silence SilenceOf(Duration most, TimePoint now) const;

  const Subjects subjects_;
  const loop::TimerQueue& timers_;
  absl::Time start_time_;  // for display
  TimePoint started_;
  HealthBoard health_;
  CountedBefore counted_before_;                    // of the slots that are taken
  LatencyBefore latency_before_;                    // of the same
  std::uint32_t slots_taken_ = 0;                   // those from this one on never were
  std::set<std::uint32_t> silent_;                  // slots of workers that do not run their loop
  std::map<std::uint32_t, admin::v1::Hang> hangs_;  // of those of them that were looked at
  // Silence before that was the master's, too. Written before `felt_`.
  std::atomic<TimePoint> counted_from_;
  std::atomic<TimePoint> felt_;  // when the loop felt the pulses last
  Usage usage_;                  // of the workers' processes, at the last pulse
  loop::Timer pulse_;
  mutable std::mutex mutex_;
  std::shared_ptr<const StatusReport> published_;  // guarded by mutex_; never null
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_REPORTER_H_
