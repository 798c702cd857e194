#include "master/status_report.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "proto/duration.h"

namespace muster::master {
namespace {

admin::v1::Master::State StateOf(MasterState state) {
  switch (state) {
    case MasterState::kStarting:
      return admin::v1::Master::STARTING;
    case MasterState::kRunning:
      return admin::v1::Master::RUNNING;
    case MasterState::kReloading:
      return admin::v1::Master::RELOADING;
    case MasterState::kStopping:
      return admin::v1::Master::STOPPING;
    case MasterState::kPaused:
      return admin::v1::Master::PAUSED;
  }
  return admin::v1::Master::STATE_UNSPECIFIED;
}

admin::v1::Worker::State StateOf(WorkerState state) {
  switch (state) {
    case WorkerState::kStarting:
      return admin::v1::Worker::STARTING;
    case WorkerState::kServing:
      return admin::v1::Worker::SERVING;
    case WorkerState::kDraining:
      return admin::v1::Worker::DRAINING;
    case WorkerState::kStopping:
      return admin::v1::Worker::STOPPING;
    case WorkerState::kBackoff:
      return admin::v1::Worker::BACKOFF;
    case WorkerState::kGaveUp:
      return admin::v1::Worker::GAVE_UP;
    case WorkerState::kGone:
      break;
  }
  return admin::v1::Worker::STATE_UNSPECIFIED;
}

void Fill(const worker::StatsValues& values, admin::v1::Counters* counters) {
  counters->set_accepted(values.accepted);
  counters->set_handled(values.handled);
  counters->set_requests(values.requests);
  counters->set_active(values.active);
  counters->set_reading(values.reading);
  counters->set_writing(values.writing);
  counters->set_waiting(values.waiting);
  counters->set_bytes_received(values.bytes_received);
  counters->set_bytes_sent(values.bytes_sent);
  counters->set_closed_at_deadline(values.closed_at_deadline);
  counters->set_handed_off(values.handed_off);
  counters->set_adopted(values.adopted);
  counters->set_responses_2xx(values.responses[0]);
  counters->set_responses_3xx(values.responses[1]);
  counters->set_responses_4xx(values.responses[2]);
  counters->set_responses_5xx(values.responses[3]);
}

void FillWorker(const WorkerRecord& record, const worker::SharedZone& zone, TimePoint now,
                admin::v1::Worker* worker) {
  worker->set_index(record.index);
  worker->set_slot(record.slot);
  worker->set_generation(record.generation);
  worker->set_pid(record.pid);
  worker->set_state(StateOf(record.state));
  if (record.pid != 0) *worker->mutable_age() = config::FromChrono(now - record.started);
  worker->set_restarts(record.restarts);
  worker->set_last_exit(record.last_exit);
  if (record.slot < zone.capacity()) {
    Fill(worker::ReadStats(zone.stats(record.slot)), worker->mutable_counters());
  }
}

}  // namespace

admin::v1::Status ReportStatus(const SupervisorCore& core, const worker::SharedZone& zone,
                               TimePoint now) {
  admin::v1::Status status;
  admin::v1::Master* master = status.mutable_master();
  master->set_state(StateOf(core.state()));
  master->set_generation(core.generation());
  master->set_worker_processes(core.wanted_workers());
  master->set_last_reload_error(core.last_reload_error());

  std::vector<const WorkerRecord*> records;
  for (const auto& [slot, record] : core.workers()) records.push_back(&record);
  std::sort(records.begin(), records.end(), [](const WorkerRecord* a, const WorkerRecord* b) {
    return std::tie(a->generation, a->index, a->slot) < std::tie(b->generation, b->index, b->slot);
  });
  for (const WorkerRecord* record : records) FillWorker(*record, zone, now, status.add_workers());

  admin::v1::Stats* stats = status.mutable_stats();
  Fill(zone.Sum(), stats->mutable_total());
  stats->set_reloads(core.reloads());
  stats->set_reloads_refused(core.reloads_refused());
  stats->set_crashes(core.crashes());
  for (std::uint32_t slot = 0; slot < zone.capacity(); ++slot) {
    const worker::StatsValues values = worker::ReadStats(zone.stats(slot));
    if (values == worker::StatsValues() && core.workers().count(slot) == 0) continue;
    admin::v1::SlotStats* slot_stats = stats->add_slots();
    slot_stats->set_slot(slot);
    Fill(values, slot_stats->mutable_counters());
  }
  return status;
}

}  // namespace muster::master
