#ifndef MUSTER_MASTER_DECIDE_REOPEN_ROUNDS_H_
#define MUSTER_MASTER_DECIDE_REOPEN_ROUNDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"

namespace muster::master {

// The requests to open the log files again. Each makes a round, which ends when every worker that
// was asked has answered, has ended, or has taken too long.
class ReopenRounds {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(5);

  bool is_under_way() const { return !rounds_.empty(); }

  // A worker that the round is about.
  struct Asked {
    std::string name;
    // Why it could not be asked yet, in the past tense: "was not ready". Empty: it was.
    std::string obstacle{};
  };

  // `asked`: by slot. Their answers carry `token`, which no other round had. `own_log`: how it went
  // in the master itself.
  void Begin(std::uint32_t token, RequestId request, std::map<std::uint32_t, Asked> asked,
             const absl::Status& own_log, TimePoint now);
  // The worker was asked now that had an obstacle.
  void OnAsked(std::uint32_t token, std::uint32_t slot);
  // Empty `error`: the worker has done it. An answer that no round waits for is ignored.
  void Acknowledge(std::uint32_t token, std::uint32_t slot, const std::string& error);
  // The process in the slot ended: its files are closed, and no answer will come.
  void Forget(std::uint32_t slot);
  // Ends the rounds that are older than kPatience. Their outcome names the workers that did not
  // answer, and the obstacles.
  void Expire(TimePoint now);

  // Answers and logs the rounds that ended since the last call.
  void AnswerEnded(Decision& decision);

  std::optional<TimePoint> next_deadline() const;

 private:
  struct Round {
    RequestId request = 0;
    TimePoint deadline{};
    std::map<std::uint32_t, Asked> waiting;
    std::uint32_t reopened = 0;
    std::vector<std::string> failures;
    std::vector<Asked> late;
  };

  static Outcome OutcomeOf(const Round& round);

  std::map<std::uint32_t, Round> rounds_;  // by token
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_REOPEN_ROUNDS_H_
