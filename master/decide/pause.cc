#include "muster/master/decide/pause.h"

#include <utility>

namespace muster::master {

void Pause::Begin() {
  is_on_ = true;
  workers_ = {};
}

void Pause::CountWorker(const ExitedEvent& event, bool was_killed) {
  if (is_on_) workers_.Count(event, was_killed);
}

void Pause::Complete(Decision& decision) {
  if (!is_on_) return;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, workers_.ToOutcome());
  }
}

void Pause::End(const absl::Status& why, Decision& decision) {
  is_on_ = false;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, {.status = why});
  }
}

void Pause::Save(state::v1::CoreState::Pause* state) const {
  state->set_exited(workers_.exited);
  state->set_killed(workers_.killed);
  state->set_connections(workers_.connections);
  state->set_requests(workers_.requests);
}

Pause Pause::Restore(const state::v1::CoreState::Pause& state) {
  Pause pause;
  pause.is_on_ = true;
  pause.workers_ = {.exited = state.exited(),
                    .killed = state.killed(),
                    .connections = state.connections(),
                    .requests = state.requests()};
  return pause;
}

}  // namespace muster::master
