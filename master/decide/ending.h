#ifndef MUSTER_MASTER_DECIDE_ENDING_H_
#define MUSTER_MASTER_DECIDE_ENDING_H_

#include <vector>

#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_tally.h"

namespace muster::master {

// The end of the master: how urgent it is, who waits for it, how the workers ended meanwhile, and
// the exit code. It asks no worker to end; the core does.
class Ending {
 public:
  // In the order of their urgency.
  enum class Kind { kNone, kGraceful, kFast };

  bool has_begun() const { return kind_ != Kind::kNone; }
  int exit_code() const { return exit_code_; }

  // A fast end overtakes a graceful one. False: an end as urgent is under way, and nothing changes.
  bool Begin(Kind kind, int exit_code);

  // `request` is answered by Finish. False: the master has stopped already, and the request is
  // answered with FailedPrecondition now.
  bool Await(RequestId request, Decision& decision);

  // A worker ended, which the master killed because it did not end when asked, or not. It is
  // counted if the end has begun.
  void CountWorker(const ExitedEvent& event, bool was_killed);

  // No process is left. Once the end has begun, this answers those who wait and exits, the first
  // time only.
  void Finish(Decision& decision);

 private:
  Kind kind_ = Kind::kNone;
  bool is_over_ = false;
  int exit_code_ = 0;
  std::vector<RequestId> waiting_;
  WorkerTally workers_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_ENDING_H_
