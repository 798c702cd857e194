#include "muster/master/admin/report/status_report.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/proto/duration.h"

namespace muster::master {
namespace {

admin::v1::Worker::State StateOf(WorkerState state) {
  switch (state) {
    case WorkerState::kStarting:
      return admin::v1::Worker::STARTING;
    case WorkerState::kReady:
      return admin::v1::Worker::READY;
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

// Lines for people, which have to be valid UTF-8 to be told at all.
std::string Told(absl::string_view lines) {
  std::vector<std::string> told;
  for (const absl::string_view line : absl::StrSplit(lines, '\n')) {
    told.push_back(log::Printable(line));
  }
  return absl::StrJoin(told, "\n");
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

void FillUsage(const ProcessUsage& usage, admin::v1::Worker* worker) {
  *worker->mutable_cpu_time() = config::FromChrono(usage.cpu);
  worker->set_resident_bytes(usage.resident_bytes);
  worker->set_threads(usage.threads);
}

StatusSnapshot::Worker SnapshotOf(const WorkerRecord& record, const CountedBefore& before) {
  StatusSnapshot::Worker worker;
  worker.shown.set_index(record.index);
  worker.shown.set_slot(record.slot);
  worker.shown.set_generation(record.generation);
  worker.shown.set_pid(record.pid);
  worker.shown.set_state(StateOf(record.state));
  worker.shown.set_restarts(record.restarts);
  worker.shown.set_last_exit(Told(record.last_exit));
  worker.started = record.started;
  worker.has_loop = record.ready.has_value();
  const auto found = before.find(record.slot);
  worker.has_before = found != before.end();
  if (worker.has_before) worker.before = found->second;
  return worker;
}

// The counters of the zone, told apart by who counted.
struct Counts {
  worker::StatsValues total;
  std::vector<std::pair<std::uint32_t, worker::StatsValues>> slots;  // ever used, or taken now
  std::vector<worker::StatsValues> workers;                          // in the order of the snapshot
  worker::StatsValues ended;                                         // of workers that are no more
};

Counts Count(const StatusSnapshot& snapshot, const worker::SharedZone& zone) {
  Counts counts;
  counts.workers.resize(snapshot.workers.size());
  const std::uint32_t slots = std::min(snapshot.slots, zone.capacity());
  std::vector<int> worker_of(slots, -1);
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    worker_of[snapshot.workers[i].shown.slot()] = static_cast<int>(i);
  }
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const worker::StatsValues values = worker::ReadStats(zone.stats(slot));
    const bool is_taken = worker_of[slot] >= 0;
    if (!is_taken && values == worker::StatsValues()) continue;
    counts.total += values;
    counts.slots.emplace_back(slot, values);
    worker::StatsValues rest = values;
    if (is_taken) {
      const auto index = static_cast<std::size_t>(worker_of[slot]);
      const StatusSnapshot::Worker& worker = snapshot.workers[index];
      const worker::StatsValues own = worker.has_before ? values.Since(worker.before) : values;
      counts.workers[index] = own;
      rest = values.Since(own);
      // Clients that are connected now are the worker's.
      rest.active = rest.reading = rest.writing = rest.waiting = 0;
    }
    counts.ended += rest;
  }
  return counts;
}

}  // namespace

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

StatusSnapshot SnapshotOf(const SupervisorCore& core, const CountedBefore& before,
                          const Usage& usage) {
  StatusSnapshot snapshot;
  snapshot.master.set_state(StateOf(core.state()));
  snapshot.master.set_generation(core.generation());
  snapshot.master.set_worker_processes(core.wanted_workers());
  snapshot.master.set_last_reload_error(Told(core.last_reload_error()));
  std::vector<const WorkerRecord*> records;
  for (const auto& [slot, record] : core.workers()) records.push_back(&record);
  std::sort(records.begin(), records.end(), [](const WorkerRecord* a, const WorkerRecord* b) {
    return std::tie(a->generation, a->index, a->slot) < std::tie(b->generation, b->index, b->slot);
  });
  for (const WorkerRecord* record : records) {
    StatusSnapshot::Worker& worker = snapshot.workers.emplace_back(SnapshotOf(*record, before));
    if (const auto found = usage.find(record->slot); found != usage.end()) {
      FillUsage(found->second, &worker.shown);
    }
  }
  snapshot.reloads = core.reloads();
  snapshot.reloads_refused = core.reloads_refused();
  snapshot.crashes = core.crashes();
  return snapshot;
}

admin::v1::Status ReportStatus(const StatusSnapshot& snapshot, const worker::SharedZone& zone,
                               TimePoint now, const Hung& hung) {
  admin::v1::Status status;
  *status.mutable_master() = snapshot.master;
  admin::v1::Stats* stats = status.mutable_stats();
  const Counts counts = Count(snapshot, zone);
  status.mutable_workers()->Reserve(static_cast<int>(snapshot.workers.size()));
  stats->mutable_workers()->Reserve(static_cast<int>(snapshot.workers.size()));
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    const StatusSnapshot::Worker& taken = snapshot.workers[i];
    admin::v1::Worker* worker = status.add_workers();
    *worker = taken.shown;
    if (worker->pid() != 0) *worker->mutable_age() = config::FromChrono(now - taken.started);
    Fill(counts.workers[i], worker->mutable_counters());
    if (const auto found = hung.find(worker->slot()); found != hung.end()) {
      *worker->mutable_hung_for() = config::FromChrono(found->second);
      if (worker->state() == admin::v1::Worker::SERVING) {
        worker->set_state(admin::v1::Worker::HUNG);
      }
    }
    admin::v1::WorkerStats* worker_stats = stats->add_workers();
    worker_stats->set_index(worker->index());
    worker_stats->set_generation(worker->generation());
    worker_stats->set_slot(worker->slot());
    *worker_stats->mutable_counters() = worker->counters();
  }
  for (const auto& [slot, counted] : counts.slots) {
    admin::v1::SlotStats* slot_stats = stats->add_slots();
    slot_stats->set_slot(slot);
    Fill(counted, slot_stats->mutable_counters());
  }
  Fill(counts.ended, stats->mutable_ended());
  Fill(counts.total, stats->mutable_total());
  stats->set_reloads(snapshot.reloads);
  stats->set_reloads_refused(snapshot.reloads_refused);
  stats->set_crashes(snapshot.crashes);
  return status;
}

}  // namespace muster::master
