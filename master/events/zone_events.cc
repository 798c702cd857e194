#include "muster/master/events/zone_events.h"

#include <chrono>
#include <utility>

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

}  // namespace muster::master
