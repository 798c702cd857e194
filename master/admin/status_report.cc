#include "muster/master/admin/status_report.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/proto/duration.h"

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

void FillWorker(const WorkerRecord& record, const worker::StatsValues& counted, TimePoint now,
                admin::v1::Worker* worker) {
  worker->set_index(record.index);
  worker->set_slot(record.slot);
  worker->set_generation(record.generation);
  worker->set_pid(record.pid);
  worker->set_state(StateOf(record.state));
  if (record.pid != 0) *worker->mutable_age() = config::FromChrono(now - record.started);
  worker->set_restarts(record.restarts);
  worker->set_last_exit(Told(record.last_exit));
  Fill(counted, worker->mutable_counters());
}

void FillUsage(const ProcessUsage& usage, admin::v1::Worker* worker) {
  *worker->mutable_cpu_time() = config::FromChrono(usage.cpu);
  worker->set_resident_bytes(usage.resident_bytes);
  worker->set_threads(usage.threads);
}

void FillStats(const WorkerRecord& record, const worker::StatsValues& counted,
               admin::v1::WorkerStats* stats) {
  stats->set_index(record.index);
  stats->set_generation(record.generation);
  stats->set_slot(record.slot);
  Fill(counted, stats->mutable_counters());
}

// The counters of the zone, told apart by who counted.
struct Counts {
  worker::StatsValues total;
  std::map<std::uint32_t, worker::StatsValues> slots;    // that were ever used, or are now
  std::map<std::uint32_t, worker::StatsValues> workers;  // by slot: of the worker that has it
  worker::StatsValues ended;                             // of workers that are no more
};

Counts Count(const SupervisorCore& core, const worker::SharedZone& zone,
             const CountedBefore& before) {
  Counts counts;
  for (std::uint32_t slot = 0; slot < zone.capacity(); ++slot) {
    const worker::StatsValues values = worker::ReadStats(zone.stats(slot));
    const bool is_taken = core.workers().count(slot) != 0;
    if (!is_taken && values == worker::StatsValues()) continue;
    counts.total += values;
    counts.slots[slot] = values;
    worker::StatsValues rest = values;
    if (is_taken) {
      const auto found = before.find(slot);
      const worker::StatsValues own = found == before.end() ? values : values.Since(found->second);
      counts.workers[slot] = own;
      rest = values.Since(own);
      // Clients that are connected now are the worker's.
      rest.active = rest.reading = rest.writing = rest.waiting = 0;
    }
    counts.ended += rest;
  }
  return counts;
}

}  // namespace

admin::v1::Status ReportStatus(const SupervisorCore& core, const worker::SharedZone& zone,
                               const CountedBefore& before, TimePoint now, const Hung& hung,
                               const Usage& usage) {
  admin::v1::Status status;
  admin::v1::Master* master = status.mutable_master();
  master->set_state(StateOf(core.state()));
  master->set_generation(core.generation());
  master->set_worker_processes(core.wanted_workers());
  master->set_last_reload_error(Told(core.last_reload_error()));

  std::vector<const WorkerRecord*> records;
  for (const auto& [slot, record] : core.workers()) records.push_back(&record);
  std::sort(records.begin(), records.end(), [](const WorkerRecord* a, const WorkerRecord* b) {
    return std::tie(a->generation, a->index, a->slot) < std::tie(b->generation, b->index, b->slot);
  });
  admin::v1::Stats* stats = status.mutable_stats();
  Counts counts = Count(core, zone, before);
  for (const WorkerRecord* record : records) {
    const worker::StatsValues& counted = counts.workers[record->slot];
    admin::v1::Worker* worker = status.add_workers();
    FillWorker(*record, counted, now, worker);
    if (const auto found = hung.find(record->slot); found != hung.end()) {
      *worker->mutable_hung_for() = config::FromChrono(found->second);
      if (worker->state() == admin::v1::Worker::SERVING) {
        worker->set_state(admin::v1::Worker::HUNG);
      }
    }
    if (const auto found = usage.find(record->slot); found != usage.end()) {
      FillUsage(found->second, worker);
    }
    FillStats(*record, counted, stats->add_workers());
  }
  for (const auto& [slot, counted] : counts.slots) {
    admin::v1::SlotStats* slot_stats = stats->add_slots();
    slot_stats->set_slot(slot);
    Fill(counted, slot_stats->mutable_counters());
  }
  Fill(counts.ended, stats->mutable_ended());
  Fill(counts.total, stats->mutable_total());
  stats->set_reloads(core.reloads());
  stats->set_reloads_refused(core.reloads_refused());
  stats->set_crashes(core.crashes());
  return status;
}

}  // namespace muster::master
