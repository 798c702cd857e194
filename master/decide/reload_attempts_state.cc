// What the attempts leave to a program that takes the place of this one.

#include <cstdint>
#include <string>

#include "muster/master/decide/reload_attempts.h"

namespace muster::master {

void ReloadAttempts::Save(state::v1::CoreState::Reloads* state) const {
  state->set_last_load(last_load_);
  state->set_last_generation(last_generation_);
  state->set_last_error(last_error_);
  state->set_succeeded(succeeded_);
  state->set_refused(refused_);
}

ReloadAttempts ReloadAttempts::Restore(const state::v1::CoreState::Reloads& state,
                                       std::uint64_t serving, const std::string& hash,
                                       StateReader& reader) {
  ReloadAttempts attempts;
  attempts.last_load_ = state.last_load();
  attempts.last_generation_ = state.last_generation();
  reader.Expect(attempts.last_generation_ >= serving, "last_generation");
  attempts.serving_ = serving;
  attempts.serving_hash_ = hash;
  attempts.last_error_ = state.last_error();
  attempts.succeeded_ = state.succeeded();
  attempts.refused_ = state.refused();
  return attempts;
}

}  // namespace muster::master
