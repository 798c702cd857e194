#ifndef MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_
#define MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_

#include <string>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_state.h"

namespace muster::master {

// Takes one worker through its life: from state to state (worker_state.h), with the actions and the
// deadline of each. It decides which commands and which signals the worker's process gets, SIGKILL
// included, and when. Both arguments outlive it.
class WorkerLifecycle {
 public:
  // After shutdown_timeout a draining worker closes what is left by itself. It is killed if it
  // still runs this much later.
  static constexpr Duration kGrace = std::chrono::seconds(5);

  WorkerLifecycle(WorkerRecord& worker, Decision& decision)
      : worker_(worker), decision_(decision) {}

  // Starts the first process.
  void Start();
  void Apply(WorkerEvent event);
  // Ends the worker by kDrain, kQuit or kStop: it is not wanted any more.
  void End(WorkerEvent how);
  // The deadline has passed. Kills a worker that starts or drains for too long, repeats a stop by
  // SIGTERM and at last SIGKILL, and starts a process again after its backoff.
  void OnDeadline();
  // The process does not run its loop: tells it, once, and kills the process if its configuration
  // wants that and nobody has stopped it on purpose. And it runs it again.
  void OnHung(const HungEvent& event);
  void OnWoke();

  // Of a worker that starts or drains for too long: "worker 0 of generation 2 (pid 12345) was not
  // ready within 10s".
  std::string WhyOverdue() const;

 private:
  void Perform(WorkerStep step);
  // Sends a command that the worker has to acknowledge.
  void Ask(worker::Command command);
  void SetDeadline();
  void InsistOnStop();

  WorkerRecord& worker_;
  Decision& decision_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_
