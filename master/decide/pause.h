#ifndef MUSTER_MASTER_DECIDE_PAUSE_H_
#define MUSTER_MASTER_DECIDE_PAUSE_H_

#include <vector>

#include "absl/status/status.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_tally.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// A pause: the master and its listeners stay, and nobody serves. It is complete when no process of
// a worker is left. This class knows who waits for that, and how the workers ended meanwhile. It
// asks no worker to end; the core does.
class Pause {
 public:
  bool is_on() const { return is_on_; }

  void Begin();
  // `request` is answered by Complete or End. For a pause that is on.
  void Await(RequestId request) { waiting_.push_back(request); }
  // A worker ended, which the master killed because it did not end when asked, or not. It is
  // counted if the pause is on.
  void CountWorker(const ExitedEvent& event, bool was_killed);
  // No process is left. Answers those who wait, if the pause is on.
  void Complete(Decision& decision);
  // It is over, since a generation serves or the master ends. `why` is the answer to those who
  // still wait for it to be complete.
  void End(const absl::Status& why, Decision& decision);

  // Of one that is complete: how the workers ended. Nobody waits for it.
  void Save(state::v1::CoreState::Pause* state) const;
  static Pause Restore(const state::v1::CoreState::Pause& state);

 private:
  bool is_on_ = false;
  std::vector<RequestId> waiting_;
  WorkerTally workers_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_PAUSE_H_
