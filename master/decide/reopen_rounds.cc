#include "muster/master/decide/reopen_rounds.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "muster/proto/counted.h"

namespace muster::master {

void ReopenRounds::Begin(std::uint32_t token, RequestId request,
                         std::map<std::uint32_t, Asked> asked, const absl::Status& own_log,
                         TimePoint now) {
  Round& round = rounds_[token];
  round.request = request;
  round.deadline = now + kPatience;
  round.waiting = std::move(asked);
  if (!own_log.ok()) round.failures.push_back(absl::StrCat("master: ", own_log.message()));
}

void ReopenRounds::OnAsked(std::uint32_t token, std::uint32_t slot) {
  const auto found = rounds_.find(token);
  if (found == rounds_.end()) return;
  const auto worker = found->second.waiting.find(slot);
  if (worker != found->second.waiting.end()) worker->second.obstacle.clear();
}

void ReopenRounds::Acknowledge(std::uint32_t token, std::uint32_t slot, const std::string& error) {
  const auto found = rounds_.find(token);
  if (found == rounds_.end()) return;
  Round& round = found->second;
  const auto worker = round.waiting.find(slot);
  if (worker == round.waiting.end()) return;
  if (error.empty()) {
    ++round.reopened;
  } else {
    round.failures.push_back(absl::StrCat(worker->second.name, ": ", error));
  }
  round.waiting.erase(worker);
}

void ReopenRounds::Forget(std::uint32_t slot) {
  for (auto& [token, round] : rounds_) round.waiting.erase(slot);
}

void ReopenRounds::Expire(TimePoint now) {
  for (auto& [token, round] : rounds_) {
    if (round.deadline > now) continue;
    for (const auto& [slot, worker] : round.waiting) round.late.push_back(worker);
    round.waiting.clear();
  }
}

Outcome ReopenRounds::OutcomeOf(const Round& round) {
  Outcome outcome;
  outcome.reopened = round.reopened;
  const std::string patience = absl::FormatDuration(absl::FromChrono(kPatience));
  std::vector<std::string> problems = round.failures;
  std::vector<std::string> silent;
  for (const Asked& worker : round.late) {
    if (worker.obstacle.empty()) {
      silent.push_back(worker.name);
    } else {
      problems.push_back(absl::StrCat(worker.name, " ", worker.obstacle, " within ", patience));
    }
  }
  if (!silent.empty()) {
    problems.push_back(
        absl::StrCat("no answer within ", patience, " from ", absl::StrJoin(silent, ", ")));
  }
  if (problems.empty()) return outcome;
  const std::string text = absl::StrJoin(problems, "; ");
  outcome.status =
      round.late.empty() ? absl::AbortedError(text) : absl::DeadlineExceededError(text);
  return outcome;
}

void ReopenRounds::AnswerEnded(Decision& decision) {
  for (auto it = rounds_.begin(); it != rounds_.end();) {
    const Round& round = it->second;
    if (!round.waiting.empty()) {
      ++it;
      continue;
    }
    const Outcome outcome = OutcomeOf(round);
    if (outcome.status.ok()) {
      decision.Tell(
          Topic::kReopened, Severity::kInfo,
          absl::StrCat("log files are open again in ", config::Counted(outcome.reopened, "worker")),
          0);
    } else {
      decision.Tell(Topic::kReopened, Severity::kError,
                    absl::StrCat("reopening failed: ", outcome.status.message()), 0);
    }
    decision.Reply(round.request, outcome);
    it = rounds_.erase(it);
  }
}

std::optional<TimePoint> ReopenRounds::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [token, round] : rounds_) {
    if (!next || round.deadline < *next) next = round.deadline;
  }
  return next;
}

}  // namespace muster::master
