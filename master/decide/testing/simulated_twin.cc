// The second core of the simulated machine, which is saved and restored again and again.

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/master/decide/testing/simulated_machine.h"

namespace muster::master {

std::optional<SupervisorCore> SimulatedMachine::Restore(state::v1::CoreState state) {
  state::v1::CoreState parsed;
  Differ(parsed.ParseFromString(state.SerializeAsString()), "the state cannot be parsed");
  absl::StatusOr<SupervisorCore> restored = SupervisorCore::Restore(parsed, kSlots);
  if (restored.ok()) return *std::move(restored);
  Differ(false, absl::StrCat(restored.status().message(), "\n", state.DebugString()));
  return std::nullopt;
}

void SimulatedMachine::RestoreTwin() {
  if (spoil_ && twin_) return;
  const state::v1::CoreState saved = core_->Save();
  state::v1::CoreState state = twin_ ? twin_->Save() : saved;
  Differ(state.SerializeAsString() == saved.SerializeAsString(), "what is saved of both");
  if (spoil_ && !spoil_(state)) return;
  std::optional<SupervisorCore> restored = Restore(std::move(state));
  if (restored) twin_.emplace(*std::move(restored));
}

void SimulatedMachine::CompareTwin(const Event& event, const std::vector<Action>& actions) {
  Differ(twin_->Handle(event, now_) == actions,
         absl::StrCat("the actions after an event of kind ", event.index()));
  Differ(twin_->next_deadline() == core_->next_deadline(), "next_deadline");
  Differ(twin_->state() == core_->state(), "state");
  Differ(twin_->workers() == core_->workers(), "workers");
  Differ(twin_->generations().records() == core_->generations().records(), "generations");
  Differ(twin_->trial() == core_->trial(), "trial");
  Differ(twin_->upgrade().record() == core_->upgrade().record(), "upgrade");
  Differ(twin_->generation() == core_->generation(), "generation");
  Differ(twin_->last_reload_error() == core_->last_reload_error(), "last_reload_error");
  Differ(twin_->reloads() == core_->reloads(), "reloads");
  Differ(twin_->reloads_refused() == core_->reloads_refused(), "reloads_refused");
  Differ(twin_->crashes() == core_->crashes(), "crashes");
  Differ(twin_->trials_failed() == core_->trials_failed(), "trials_failed");
}

void SimulatedMachine::Differ(bool is_same, absl::string_view what) {
  if (!is_same && difference_.empty()) difference_ = std::string(what);
}

}  // namespace muster::master
