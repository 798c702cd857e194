#include "muster/master/decide/drain_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/worker_state.h"
#include "muster/master/decide/worker_tally.h"

namespace muster::master {

void DrainWatch::Begin(const WorkerSlots& workers, std::uint64_t serving) {
  Drain drain = {.serving = serving};
  for (const auto& [slot, worker] : workers.records()) {
    if (worker.generation != serving && HasProcess(worker.state)) drain.left[slot] = worker.Name();
  }
  drains_.push_back(std::move(drain));
}

void DrainWatch::Await(std::uint64_t serving, Outcome outcome, std::vector<RequestId> waiting) {
  const auto drain = std::find_if(drains_.begin(), drains_.end(),
                                  [serving](const Drain& one) { return one.serving == serving; });
  if (drain == drains_.end()) return;
  if (waiting.empty()) {
    drains_.erase(drain);
    return;
  }
  drain->outcome = std::move(outcome);
  drain->waiting = std::move(waiting);
}

void DrainWatch::OnExit(const WorkerRecord& worker, const ExitedEvent& event) {
  for (Drain& drain : drains_) {
    if (drain.left.erase(worker.slot) == 0) continue;
    drain.connections += CutConnections(event);
    ++(worker.was_killed ? drain.killed : drain.exited);
  }
}

void DrainWatch::Forget(std::uint32_t slot) {
  for (Drain& drain : drains_) drain.left.erase(slot);
}

Outcome DrainWatch::Drain::Complete() const {
  Outcome whole = *outcome;
  whole.connections_ended = connections;
  whole.exited = exited;
  whole.killed = killed;
  return whole;
}

void DrainWatch::AnswerEnded(Decision& decision) {
  std::erase_if(drains_, [&decision](const Drain& drain) {
    if (!drain.outcome.has_value() || !drain.left.empty()) return false;
    for (const RequestId request : drain.waiting) decision.Reply(request, drain.Complete());
    return true;
  });
}

bool DrainWatch::Leave(RequestId request, absl::string_view why, Decision& decision) {
  for (auto drain = drains_.begin(); drain != drains_.end(); ++drain) {
    if (std::erase(drain->waiting, request) == 0) continue;
    Outcome outcome = drain->Complete();
    for (const auto& [slot, name] : drain->left) {
      outcome.warnings.push_back(absl::StrCat(name, " has not ended before ", why));
    }
    decision.Reply(request, std::move(outcome));
    if (drain->waiting.empty()) drains_.erase(drain);
    return true;
  }
  return false;
}

void DrainWatch::LeaveAll(absl::string_view why, Decision& decision) {
  while (!drains_.empty() && !drains_.back().waiting.empty()) {
    Leave(drains_.back().waiting.back(), why, decision);
  }
}

}  // namespace muster::master
