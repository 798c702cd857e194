#include "muster/master/decide/changeover.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/master/decide/worker_state.h"
#include "muster/proto/counted.h"

namespace muster::master {
namespace {

std::string Connections(std::uint64_t count) { return config::Counted(count, "connection"); }

}  // namespace

void Changeover::Begin(const WorkerSlots& workers, std::uint64_t serving,
                       const std::set<std::uint64_t>& ended, Duration patience, TimePoint now) {
  awaited_.clear();
  cut_.clear();
  outcome_ = Outcome();
  patience_ = patience;
  deadline_ = now + patience;
  for (const std::uint64_t generation : ended) cut_[generation] = 0;
  for (const auto& [slot, worker] : workers.records()) {
    if (!HasProcess(worker.state)) continue;
    Awaited awaited = {Step::kEnd, 0, worker.generation, worker.Name()};
    if (ended.count(worker.generation) == 0) {
      if (worker.unacknowledged == 0) continue;
      awaited.step = worker.generation == serving && worker.is_wanted ? Step::kServe : Step::kDrain;
      awaited.token = worker.unacknowledged;
    }
    awaited_[slot] = std::move(awaited);
  }
}

bool Changeover::Acknowledge(const AckedEvent& event) {
  const auto found = awaited_.find(event.slot);
  if (found == awaited_.end() || found->second.token != event.token) return false;
  outcome_.connections_held += event.held;
  outcome_.connections_kept += event.kept;
  if (!event.error.empty()) {
    outcome_.warnings.push_back(absl::StrCat(found->second.name, ": ", event.error));
  }
  if (event.kept > 0) {
    outcome_.warnings.push_back(absl::StrCat(found->second.name, " goes on serving ",
                                             Connections(event.kept),
                                             ", for which no new worker has room"));
  }
  awaited_.erase(found);
  return true;
}

void Changeover::OnExit(const WorkerRecord& worker, const ExitedEvent& event) {
  const auto found = awaited_.find(worker.slot);
  if (found == awaited_.end()) return;
  const Awaited awaited = std::move(found->second);
  awaited_.erase(found);
  switch (awaited.step) {
    case Step::kServe:
      outcome_.warnings.push_back(
          absl::StrCat(awaited.name, " ", worker.last_exit, " before it served"));
      break;
    case Step::kDrain:
      // It drains without an acknowledgement if it was told by a signal.
      if (!event.exit.was_killed && event.exit.code == 0) break;
      outcome_.warnings.push_back(absl::StrCat(awaited.name, " ", worker.last_exit,
                                               " before it drained, with ",
                                               Connections(event.connections)));
      break;
    case Step::kEnd:
      cut_[awaited.generation] += event.connections;
      outcome_.connections_cut += event.connections;
      break;
  }
}

void Changeover::Expire(TimePoint now) {
  if (now < deadline_) return;
  GiveUp(absl::StrCat("within ", absl::FormatDuration(absl::FromChrono(patience_))));
}

void Changeover::Interrupt(absl::string_view reason) { GiveUp(absl::StrCat("before ", reason)); }

Outcome Changeover::SoFar(absl::string_view why) const {
  Changeover copy = *this;
  copy.GiveUp(absl::StrCat("before ", why));
  return copy.outcome_;
}

void Changeover::GiveUp(absl::string_view when) {
  for (const auto& [slot, awaited] : std::exchange(awaited_, {})) {
    const absl::string_view what = awaited.step == Step::kServe   ? " has not begun to serve "
                                   : awaited.step == Step::kDrain ? " has not begun to drain "
                                                                  : " has not ended ";
    outcome_.warnings.push_back(absl::StrCat(awaited.name, what, when));
  }
}

std::optional<TimePoint> Changeover::deadline() const {
  if (awaited_.empty()) return std::nullopt;
  return deadline_;
}

Outcome Changeover::End(Decision& decision) {
  for (const auto& [generation, connections] : std::exchange(cut_, {})) {
    outcome_.warnings.push_back(absl::StrCat("generation ", generation,
                                             " was ended at once, beyond max_generations, with ",
                                             Connections(connections)));
  }
  for (const std::string& warning : outcome_.warnings) decision.Log(Severity::kWarning, warning);
  return std::exchange(outcome_, Outcome());
}

}  // namespace muster::master
