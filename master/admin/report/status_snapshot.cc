#include "muster/master/admin/report/status_snapshot.h"

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

void FillUsage(const host::ProcessUsage& usage, admin::v1::Worker* worker) {
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
  worker.silent_after = record.heartbeat_timeout;
  const auto found = before.find(record.slot);
  worker.has_before = found != before.end();
  if (worker.has_before) worker.before = found->second;
  return worker;
}

admin::v1::Upgrade::State StateOf(UpgradeRecord::State state) {
  using State = UpgradeRecord::State;
  switch (state) {
    case State::kNone:
      break;
    case State::kTrying:
      return admin::v1::Upgrade::TRYING;
    case State::kReplacing:
    case State::kBringing:
      return admin::v1::Upgrade::CHANGING;
    case State::kOnTrial:
      return admin::v1::Upgrade::ON_TRIAL;
    case State::kUndoing:
    case State::kReturning:
      return admin::v1::Upgrade::UNDOING;
    case State::kRefused:
      return admin::v1::Upgrade::REFUSED;
    case State::kUndone:
      return admin::v1::Upgrade::UNDONE;
    case State::kCommitted:
      return admin::v1::Upgrade::COMMITTED;
  }
  return admin::v1::Upgrade::STATE_UNSPECIFIED;
}

// Without its times by the wall clock.
void FillUpgrade(const UpgradeRecord& record, admin::v1::Master* master) {
  if (record.state == UpgradeRecord::State::kNone) return;
  admin::v1::Upgrade& upgrade = *master->mutable_upgrade();
  upgrade.set_id(Told(record.id));
  upgrade.set_by(Told(record.by));
  upgrade.set_from_version(Told(record.from));
  upgrade.set_to_version(Told(record.to));
  upgrade.set_state(StateOf(record.state));
  upgrade.set_reason(Told(record.reason));
  if (record.took != Duration::zero()) *upgrade.mutable_took() = config::FromChrono(record.took);
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
  const GenerationRecord* const generation = core.generations().Find(core.generation());
  if (generation != nullptr &&
      (generation->origin == Origin::kRollback || generation->origin == Origin::kTrial ||
       generation->origin == Origin::kUndo)) {
    snapshot.master.set_rolled_back_to(generation->copy_of);
  }
  snapshot.master.set_trials_failed(core.trials_failed());
  FillUpgrade(core.upgrade().record(), &snapshot.master);
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

}  // namespace muster::master
