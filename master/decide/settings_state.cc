#include "muster/master/decide/settings_state.h"

#include "muster/master/decide/backoff.h"

namespace muster::master {

void SaveSettings(const Settings& settings, state::v1::CoreState::Settings* state) {
  state->set_workers(settings.workers);
  state->set_ready_timeout_ns(ToSaved(settings.ready_timeout));
  state->set_ready_timeout_place(settings.ready_timeout_place);
  state->set_shutdown_timeout_ns(ToSaved(settings.shutdown_timeout));
  state->set_drain_ack_timeout_ns(ToSaved(settings.drain_ack_timeout));
  state->set_max_generations(settings.max_generations);
  state->set_crash_loop_limit(settings.restart.crash_loop_limit);
  state->set_restart_floor_ns(ToSaved(settings.restart.floor));
  state->set_restart_ceiling_ns(ToSaved(settings.restart.ceiling));
  state->set_restart_reset_ns(ToSaved(settings.restart.reset));
  state->set_restart_burst(settings.restart.burst);
  state->set_heartbeat_timeout_ns(ToSaved(settings.heartbeat_timeout));
  state->set_kills_hung(settings.kills_hung);
  state->set_hash(settings.hash);
  state->set_is_from_call(settings.is_from_call);
  state->set_can_scale(settings.can_scale);
  state->set_trial_ns(ToSaved(settings.trial));
  state->set_trial_max_crashes(settings.trial_max_crashes);
}

Settings RestoreSettings(const state::v1::CoreState::Settings& state, StateReader& reader) {
  reader.Expect(state.workers() > 0, "workers");
  reader.Expect(state.max_generations() > 0, "max_generations");
  reader.Expect(state.restart_floor_ns() <= state.restart_ceiling_ns(), "restart_floor_ns",
                "it is above restart_ceiling_ns");
  return {
      .workers = state.workers(),
      .ready_timeout = reader.Span("ready_timeout_ns", state.ready_timeout_ns()),
      .ready_timeout_place = state.ready_timeout_place(),
      .shutdown_timeout = reader.Span("shutdown_timeout_ns", state.shutdown_timeout_ns()),
      .drain_ack_timeout = reader.Span("drain_ack_timeout_ns", state.drain_ack_timeout_ns()),
      .max_generations = state.max_generations(),
      .restart = {.floor = reader.Span("restart_floor_ns", state.restart_floor_ns(), Duration(1),
                                       Backoff::kLongest),
                  .ceiling = reader.Span("restart_ceiling_ns", state.restart_ceiling_ns(),
                                         Duration(1), Backoff::kLongest),
                  .reset = reader.Span("restart_reset_ns", state.restart_reset_ns()),
                  .burst = state.restart_burst(),
                  .crash_loop_limit = state.crash_loop_limit()},
      .heartbeat_timeout = reader.Span("heartbeat_timeout_ns", state.heartbeat_timeout_ns()),
      .kills_hung = state.kills_hung(),
      .hash = state.hash(),
      .is_from_call = state.is_from_call(),
      .can_scale = state.can_scale(),
      .trial = reader.Span("trial_ns", state.trial_ns()),
      .trial_max_crashes = state.trial_max_crashes(),
  };
}

}  // namespace muster::master
