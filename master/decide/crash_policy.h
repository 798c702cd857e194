#ifndef MUSTER_MASTER_DECIDE_CRASH_POLICY_H_
#define MUSTER_MASTER_DECIDE_CRASH_POLICY_H_

#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/restart_terms.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"

namespace muster::master {

// What becomes of a wanted worker without a process: it is started again, at once or after a pause,
// or given up. Both methods log the outcome, with `last_exit` as the reason.
//
// A process has served if it was ready, and ended with a connection or a second later. One that has
// is not at fault for the request that ended it: it is started again at once, until it ends often.
// A worker is given up when it exited with kExitWillNeverWork, or when `crash_loop_limit` processes
// in a row ended without having served. The last one is never given up for the latter once it has
// served, and never waits longer than the floor.
class CrashPolicy {
 public:
  // A process that was ready for so long has served.
  static constexpr Duration kEarlyEnd = std::chrono::seconds(1);

  // `is_last`: nobody else of the worker's generation serves.
  CrashPolicy(const RestartTerms& terms, bool is_last) : terms_(terms), is_last_(is_last) {}

  // The worker's process ended, and nobody had asked it to.
  void OnCrash(WorkerRecord& worker, const ExitedEvent& event, Decision& decision) const;

  // No process could be started. That is the machine's fault, not the worker's: the worker is never
  // given up for it.
  void OnFailedSpawn(WorkerRecord& worker, Decision& decision) const;

 private:
  Duration NextPause(WorkerRecord& worker, bool has_served) const;

  const RestartTerms terms_;
  const bool is_last_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_CRASH_POLICY_H_
