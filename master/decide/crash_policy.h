#ifndef MUSTER_MASTER_DECIDE_CRASH_POLICY_H_
#define MUSTER_MASTER_DECIDE_CRASH_POLICY_H_

#include <cstdint>

#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/worker_record.h"

namespace muster::master {

// What becomes of a wanted worker without a process: it is started again after a backoff, or given
// up. It is given up when it exited with kExitWillNeverWork, or when it ended early
// `crash_loop_limit` times in a row. Both methods log the outcome, with `last_exit` as the reason.
class CrashPolicy {
 public:
  // An end before the worker was ready, or within this time after, is early.
  static constexpr Duration kEarlyEnd = std::chrono::seconds(1);

  explicit CrashPolicy(std::uint32_t crash_loop_limit) : crash_loop_limit_(crash_loop_limit) {}

  // The worker's process ended, and nobody had asked it to.
  void OnCrash(WorkerRecord& worker, const ipc::ProcessExit& exit, Decision& decision) const;

  // No process could be started. That is the machine's fault, not the worker's: the worker is never
  // given up for it.
  static void OnFailedSpawn(WorkerRecord& worker, Decision& decision);

 private:
  const std::uint32_t crash_loop_limit_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_CRASH_POLICY_H_
