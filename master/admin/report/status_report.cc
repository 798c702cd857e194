#include "muster/master/admin/report/status_report.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"
#include "muster/proto/duration.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/request_at_hand.h"

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

void Fill(const worker::LatencyValues& values, admin::v1::Latency* latency) {
  latency->set_count(values.Count());
  *latency->mutable_p50() = config::FromChrono(values.Percentile(0.5));
  *latency->mutable_p99() = config::FromChrono(values.Percentile(0.99));
  *latency->mutable_p999() = config::FromChrono(values.Percentile(0.999));
  for (const worker::LatencyValues::Bucket& bucket : values.InMicroseconds()) {
    admin::v1::LatencyBucket* const shown = latency->add_buckets();
    shown->set_lower_us(bucket.lower_us);
    shown->set_upper_us(bucket.upper_us);
    shown->set_count(bucket.count);
  }
}

// Of the process in the slot, if it has one, and of those that it had.
void FillFromSlot(const worker::SharedZone& zone, TimePoint now, admin::v1::Worker* worker) {
  if (const auto request = worker::ReadRequest(zone.request(worker->slot()));
      request.has_value() && worker->pid() != 0) {
    admin::v1::WorkerRequest* const shown = worker->mutable_request();
    shown->set_method(request->method);
    shown->set_path(request->path);
    shown->set_peer(request->peer);
    *shown->mutable_age() = config::FromChrono(now - std::min(now, request->began));
  }
  if (const auto words = worker::ReadLastWords(zone.last_words(worker->slot()))) {
    admin::v1::LastWords* const shown = worker->mutable_last_words();
    shown->set_text(words->text);
    shown->set_pid(words->pid);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(words->time);
    shown->mutable_time()->set_seconds(seconds.count());
    shown->mutable_time()->set_nanos(static_cast<std::int32_t>((words->time - seconds).count()));
  }
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
  worker::LatencyValues latency;
  std::vector<worker::LatencyValues> worker_latencies;  // in the order of the snapshot
};

Counts Count(const StatusSnapshot& snapshot, const worker::SharedZone& zone) {
  Counts counts;
  counts.workers.resize(snapshot.workers.size());
  counts.worker_latencies.resize(snapshot.workers.size());
  const std::uint32_t slots = std::min(snapshot.slots, zone.capacity());
  std::vector<int> worker_of(slots, -1);
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    worker_of[snapshot.workers[i].shown.slot()] = static_cast<int>(i);
  }
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const worker::StatsValues values = worker::ReadStats(zone.stats(slot));
    const bool is_taken = worker_of[slot] >= 0;
    const worker::LatencyValues latency = worker::ReadLatency(zone.latency(slot));
    counts.latency += latency;
    if (!is_taken && values == worker::StatsValues()) continue;
    counts.total += values;
    counts.slots.emplace_back(slot, values);
    worker::StatsValues rest = values;
    if (is_taken) {
      const auto index = static_cast<std::size_t>(worker_of[slot]);
      const StatusSnapshot::Worker& worker = snapshot.workers[index];
      const worker::StatsValues own = worker.has_before ? values.Since(worker.before) : values;
      counts.workers[index] = own;
      counts.worker_latencies[index] = latency.Since(worker.latency_before);
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
                          const Usage& usage, const LatencyBefore& latency_before) {
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
    if (const auto found = latency_before.find(record->slot); found != latency_before.end()) {
      worker.latency_before = found->second;
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
    Fill(counts.worker_latencies[i], worker->mutable_latency());
    if (worker->slot() < zone.capacity()) FillFromSlot(zone, now, worker);
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
    // Its buckets are the worker's.
    worker_stats->mutable_latency()->set_count(worker->latency().count());
    *worker_stats->mutable_latency()->mutable_p50() = worker->latency().p50();
    *worker_stats->mutable_latency()->mutable_p99() = worker->latency().p99();
    *worker_stats->mutable_latency()->mutable_p999() = worker->latency().p999();
  }
  for (const auto& [slot, counted] : counts.slots) {
    admin::v1::SlotStats* slot_stats = stats->add_slots();
    slot_stats->set_slot(slot);
    Fill(counted, slot_stats->mutable_counters());
  }
  Fill(counts.ended, stats->mutable_ended());
  Fill(counts.total, stats->mutable_total());
  Fill(counts.latency, stats->mutable_latency());
  stats->set_reloads(snapshot.reloads);
  stats->set_reloads_refused(snapshot.reloads_refused);
  stats->set_crashes(snapshot.crashes);
  return status;
}

}  // namespace muster::master
