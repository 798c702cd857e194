#include "muster/master/events/zone_events.h"

#include <chrono>
#include <utility>
#include <vector>

#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

bool GoesThere(admin::v1::Event::Kind kind) {
  switch (kind) {
    case admin::v1::Event::WORKER_STARTED:
    case admin::v1::Event::WORKER_READY:
    case admin::v1::Event::WORKER_EXITED:
    case admin::v1::Event::WORKER_CRASHED:
    case admin::v1::Event::WORKER_GAVE_UP:
    case admin::v1::Event::WORKER_KILLED:
    case admin::v1::Event::WORKER_HUNG:
    case admin::v1::Event::WORKER_WOKE:
    case admin::v1::Event::WORKERS_SCALED:
    case admin::v1::Event::RELOAD_BEGUN:
    case admin::v1::Event::GENERATION_SERVES:
    case admin::v1::Event::RELOAD_REFUSED:
    case admin::v1::Event::STATE_CHANGED:
    case admin::v1::Event::LISTENING:
    case admin::v1::Event::NOT_LISTENING:
    case admin::v1::Event::REOPENED:
      return true;
    default:
      return false;
  }
}

}  // namespace

void ZoneEvents::Add(const admin::v1::Event& event) {
  if (!GoesThere(event.kind())) return;
  worker::ZoneEvent entry;
  entry.time = std::chrono::system_clock::now().time_since_epoch();
  entry.kind = static_cast<std::uint32_t>(event.kind());
  entry.generation = event.generation();
  if (event.has_worker()) {
    entry.worker = event.worker().index();
    entry.pid = event.worker().pid();
  }
  entry.text = event.text();
  writer_.Add(std::move(entry));
}

state::v1::ZoneEventsState ZoneEvents::Save() const {
  state::v1::ZoneEventsState state;
  for (worker::ZoneEvent& event : writer_.written()) {
    state::v1::ZoneEventState& entry = *state.add_events();
    entry.set_number(event.sequence);
    entry.set_time(event.time.count());
    entry.set_kind(event.kind);
    entry.set_generation(event.generation);
    if (event.worker.has_value()) entry.set_worker(*event.worker);
    entry.set_pid(event.pid);
    entry.set_text(std::move(event.text));
    state.set_last(event.sequence);
  }
  return state;
}

absl::Status ZoneEvents::Restore(const state::v1::ZoneEventsState& state) {
  std::vector<worker::ZoneEvent> events;
  for (const state::v1::ZoneEventState& entry : state.events()) {
    worker::ZoneEvent event;
    event.sequence = entry.number();
    event.time = std::chrono::nanoseconds(entry.time());
    event.kind = entry.kind();
    event.generation = entry.generation();
    if (entry.has_worker()) event.worker = entry.worker();
    event.pid = entry.pid();
    event.text = entry.text();
    events.push_back(std::move(event));
  }
  if (writer_.Resume(std::move(events), state.last())) return absl::OkStatus();
  return StateError("zone_events.events", "are not the last ones");
}

}  // namespace muster::master
