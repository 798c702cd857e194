#ifndef MUSTER_MASTER_DECIDE_DECISION_H_
#define MUSTER_MASTER_DECIDE_DECISION_H_

#include <string>
#include <vector>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"

namespace muster::master {

// The answer to one event while it is made: the time of the event and the actions so far, in
// their order. All parts of the core append to the same one. One thread.
class Decision {
 public:
  explicit Decision(TimePoint now) : now_(now) {}

  TimePoint now() const { return now_; }

  void Do(Action action);
  void Log(Severity severity, std::string text);
  // Does nothing if `request` is zero: nobody waits.
  void Reply(RequestId request, Outcome outcome);

  // Leaves no actions behind.
  std::vector<Action> TakeActions();

 private:
  TimePoint now_;
  std::vector<Action> actions_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_DECISION_H_
