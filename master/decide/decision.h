#ifndef MUSTER_MASTER_DECIDE_DECISION_H_
#define MUSTER_MASTER_DECIDE_DECISION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"

namespace muster::master {

// The answer to one event while it is made: the time of the event and the actions so far, in
// their order. All parts of the core append to the same one. One thread.
class Decision {
 public:
  // `last_token`: of the decision before. Tokens are not used again.
  explicit Decision(TimePoint now, std::uint32_t last_token = 0)
      : now_(now), last_token_(last_token) {}

  TimePoint now() const { return now_; }

  void Do(Action action);
  void Log(Severity severity, std::string text);
  // The same, of something that happened to this generation, or to this worker.
  void Tell(Topic topic, Severity severity, std::string text, std::uint64_t generation);
  // The same, of something that happened to an attempt to bring a generation into service.
  void TellOfAttempt(Topic topic, Severity severity, std::string text, LoadId attempt,
                     std::uint64_t generation);
  void Tell(Topic topic, Severity severity, std::string text, const WorkerRecord& worker);
  // For a SendAction that is to be acknowledged. Not zero.
  std::uint32_t NewToken() { return ++last_token_; }
  std::uint32_t last_token() const { return last_token_; }
  // Does nothing if `request` is zero: nobody waits.
  void Reply(RequestId request, Outcome outcome);

  // Leaves no actions behind.
  std::vector<Action> TakeActions();

 private:
  TimePoint now_;
  std::uint32_t last_token_;
  std::vector<Action> actions_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_DECISION_H_
