// How the core is saved and restored.

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/settings_state.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/proto/state/state_check.h"

namespace muster::master {

absl::Status SupervisorCore::CheckQuiet() const {
  std::string what = WhatIsUnderWay();
  if (what.empty() && is_retiring_) what = "a dropped listener comes to its end";
  if (what.empty() && drains_.is_waited_for()) {
    what = "a caller waits until the workers of an older generation have ended";
  }
  if (what.empty() && upgrade_.is_waited_for()) what = "a caller waits for an upgrade";
  return what.empty() ? absl::OkStatus() : absl::FailedPreconditionError(what);
}

state::v1::CoreState SupervisorCore::Save() const {
  state::v1::CoreState state;
  state.set_serving(serving_);
  SaveSettings(settings_, state.mutable_settings());
  for (const auto& [slot, worker] : workers_->records()) worker.Save(state.add_worker());
  for (const auto& [number, record] : generations_.records()) record.Save(state.add_generation());
  attempts_.Save(state.mutable_reloads());
  if (trial_.is_on()) trial_.Save(state.mutable_trial());
  if (pause_.is_on()) pause_.Save(state.mutable_pause());
  if (upgrade_.record().state != UpgradeRecord::State::kNone) {
    upgrade_.Save(state.mutable_upgrade());
  }
  state.set_last_token(decision_.last_token());
  state.set_crashes(crashes_);
  state.set_trials_failed(trials_failed_);
  return state;
}

absl::StatusOr<SupervisorCore> SupervisorCore::Restore(const state::v1::CoreState& state,
                                                       std::uint32_t slots) {
  absl::Status status = state::CheckState(state, "core");
  if (!status.ok()) return status;
  StateReader reader("core");
  SupervisorCore core(slots);
  core.decision_ = Decision(TimePoint(), state.last_token());
  core.serving_ = state.serving();
  core.crashes_ = state.crashes();
  core.trials_failed_ = state.trials_failed();
  {
    const StateReader::Below below(reader, "settings");
    core.settings_ = RestoreSettings(state.settings(), reader);
  }
  core.generations_ = Generations::Restore(state.generation(), state.serving(), reader);
  core.workers_->Restore(state.worker(), reader);
  const GenerationRecord* const serving = core.generations_.Find(core.serving_);
  reader.Expect(serving != nullptr && !serving->is_released, "serving",
                "it is not in the history, or is released");
  for (const auto& [slot, worker] : core.workers_->records()) {
    const GenerationRecord* const record = core.generations_.Find(worker.generation);
    reader.Expect(record == nullptr || !record->is_released, "worker",
                  absl::StrCat("the generation of slot ", slot, " is released"));
    reader.Expect(worker.generation <= state.reloads().last_generation(), "worker",
                  absl::StrCat("the generation of slot ", slot, " is a later one"));
    reader.Expect(!worker.is_wanted || worker.generation == core.serving_, "worker",
                  absl::StrCat("the one in slot ", slot, " is wanted and does not serve"));
  }
  {
    const StateReader::Below below(reader, "reloads");
    core.attempts_ =
        ReloadAttempts::Restore(state.reloads(), core.serving_, core.settings_.hash, reader);
  }
  const auto is_whole = [&core](std::uint64_t number) {
    const GenerationRecord* const record = core.generations_.Find(number);
    return record != nullptr && !record->is_released;
  };
  if (state.has_trial()) {
    const StateReader::Below below(reader, "trial");
    core.trial_ = Trial::Restore(state.trial(), reader);
    reader.Expect(core.trial_.generation() == core.serving_, "generation", "it does not serve");
    reader.Expect(is_whole(core.trial_.previous()), "previous",
                  "it is not in the history, or is released");
  }
  if (state.has_pause()) {
    const StateReader::Below below(reader, "pause");
    core.pause_ = Pause::Restore(state.pause());
    reader.Expect(core.workers_->records().empty(), "exited", "a worker is left in the pause");
  } else {
    reader.Expect(core.workers_->wanted(core.serving_) > 0, "worker", "none serves");
  }
  if (state.has_upgrade()) {
    const StateReader::Below below(reader, "upgrade");
    core.upgrade_ = Upgrade::Restore(state.upgrade(), reader);
    const std::uint64_t way_back = core.upgrade_.way_back();
    reader.Expect(way_back == 0 || is_whole(way_back), "way_back",
                  "it is not in the history, or is released");
  }
  if (!reader.status().ok()) return reader.status();
  return core;
}

}  // namespace muster::master
