#include "muster/master/decide/trial.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/proto/counted.h"

namespace muster::master {
namespace {

std::string Crashes(std::uint64_t count) {
  return absl::StrCat(count, count == 1 ? " crash" : " crashes");
}

}  // namespace

void Trial::Begin(std::uint64_t generation, std::uint64_t previous, const Settings& settings,
                  TimePoint now) {
  const std::uint64_t proven = is_on() ? previous_ : previous;
  End();
  if (settings.trial == Duration::zero()) return;
  generation_ = generation;
  previous_ = proven;
  most_crashes_ = settings.trial_max_crashes;
  began_ = now;
  deadline_ = now + settings.trial;
}

void Trial::PassTo(std::uint64_t generation) {
  if (is_on()) generation_ = generation;
}

void Trial::End() { *this = Trial(); }

void Trial::OnCrash(const WorkerRecord& worker) {
  if (!is_on() || worker.generation != generation_) return;
  ++crashes_;
  last_crash_ = absl::StrCat(worker.Name(), " ", worker.last_exit);
}

std::optional<std::string> Trial::Failure(const WorkerSlots& workers, TimePoint now) const {
  if (!is_on()) return std::nullopt;
  if (workers.wanted(generation_) > 0 && workers.AllAre(WorkerState::kGaveUp, generation_)) {
    return absl::StrCat(last_crash_, "; the last worker has given up");
  }
  if (crashes_ <= most_crashes_) return std::nullopt;
  return absl::StrCat(last_crash_, "; ", Crashes(crashes_), " within ",
                      absl::FormatDuration(absl::FromChrono(
                          std::chrono::duration_cast<std::chrono::milliseconds>(now - began_))),
                      ", and trial.max_crashes is ", most_crashes_);
}

void Trial::Expire(Decision& decision) {
  if (!is_on() || decision.now() < deadline_) return;
  decision.Tell(
      Topic::kTrialPassed, Severity::kInfo,
      absl::StrCat("generation ", generation_, " has passed its trial, with ", Crashes(crashes_)),
      generation_);
  End();
}

std::optional<TimePoint> Trial::deadline() const {
  if (!is_on()) return std::nullopt;
  return deadline_;
}

void Trial::Save(state::v1::CoreState::Trial* state) const {
  state->set_generation(generation_);
  state->set_previous(previous_);
  state->set_most_crashes(most_crashes_);
  state->set_began_ns(ToSaved(began_));
  state->set_deadline_ns(ToSaved(deadline_));
  state->set_crashes(crashes_);
  state->set_last_crash(last_crash_);
}

Trial Trial::Restore(const state::v1::CoreState::Trial& state, StateReader& reader) {
  Trial trial;
  trial.generation_ = state.generation();
  trial.previous_ = state.previous();
  trial.most_crashes_ = state.most_crashes();
  trial.began_ = reader.Time("began_ns", state.began_ns());
  trial.deadline_ = reader.Time("deadline_ns", state.deadline_ns());
  trial.crashes_ = state.crashes();
  trial.last_crash_ = state.last_crash();
  return trial;
}

}  // namespace muster::master
