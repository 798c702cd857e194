#include "muster/master/reporter.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "muster/cli/version.h"
#include "muster/ipc/lock/counter.h"
#include "muster/log/printable.h"
#include "muster/master/admin/report/health_report.h"
#include "muster/master/admin/report/log_level.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/workers/worker_pulse.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/master_status.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {
namespace {

// A loop that has felt no pulse for this long did not run: it was stopped, or its machine was.
constexpr std::chrono::seconds kLoopIsLate{3};

}  // namespace

Reporter::Reporter(loop::TimerQueue& timers, Subjects subjects)
    : subjects_(std::move(subjects)),
      timers_(timers),
      start_time_(absl::Now()),
      started_(timers.now()),
      counted_from_(Clock::now()),
      felt_(Clock::now()),
      pulse_(timers, [this] { FeelPulses(); }),
      published_(std::make_shared<const StatusReport>(StatusSnapshot())) {}

void Reporter::PublishStatus() {
  const auto set = [](ipc::Gauge& gauge, std::uint64_t value) {
    gauge.Set(static_cast<std::int64_t>(value));
  };
  const SupervisorCore& core = subjects_.core;
  worker::MasterStatus& status = subjects_.zone.master_status();
  status.pid.Set(::getpid());
  status.start_time.Set(absl::ToUnixSeconds(start_time_));
  status.started.Set(std::chrono::nanoseconds(started_.time_since_epoch()).count());
  set(status.generation, core.generation());
  set(status.worker_processes, core.wanted_workers());
  set(status.reloads, core.reloads());
  set(status.reloads_refused, core.reloads_refused());
  set(status.crashes, core.crashes());
}

void Reporter::PublishHealth() {
  const Deployment* const deployment = subjects_.deployments().shown();
  const std::uint32_t workers = deployment == nullptr ? 0 : deployment->config.worker_processes();
  const std::vector<std::string> listeners =
      deployment == nullptr ? std::vector<std::string>() : deployment->listeners.addresses();
  health_.Set(ReportHealth(subjects_.core, workers, silent_, listeners));
}

void Reporter::FeelPulses() {
  // What others did meanwhile cannot be known: who was silent then was perhaps stopped, too.
  const TimePoint now = Clock::now();
  // Release: whoever sees that the loop has run sees from when silence counts.
  if (!HasRun(now)) counted_from_.store(now, std::memory_order_relaxed);
  felt_.store(now, std::memory_order_release);
  const std::set<std::uint32_t> before = std::exchange(silent_, {});
  const Hung hung = FindHung();
  for (const auto& [slot, hung_for] : hung) silent_.insert(slot);
  std::erase_if(hangs_, [this](const auto& entry) { return silent_.count(entry.first) == 0; });
  if (subjects_.on_pulse) {
    for (const auto& [slot, hung_for] : hung) {
      if (before.count(slot) == 0) subjects_.on_pulse(slot, hung_for);
    }
    for (const std::uint32_t slot : before) {
      if (silent_.count(slot) == 0) subjects_.on_pulse(slot, std::nullopt);
    }
  }
  LookAtUsage();
  PublishHealth();
  Publish();
  pulse_.SetAfter(kBetweenPulses);
}

bool Reporter::HasRun(TimePoint now) const {
  // Acquire: pairs with the release in FeelPulses.
  return now - felt_.load(std::memory_order_acquire) < kLoopIsLate;
}

Silence Reporter::SilenceOf(Duration most, TimePoint now) const {
  // As long as the loop does not run, nobody knows who would have run.
  const TimePoint from = HasRun(now) ? counted_from_.load(std::memory_order_relaxed) : now;
  return {.most = most, .counted_from = from};
}

void Reporter::LookAtUsage() {
  usage_.clear();
  for (const auto& [slot, worker] : subjects_.core.workers()) {
    if (worker.pid == 0) continue;
    if (const auto usage = host::UsageOf(worker.pid)) usage_[slot] = *usage;
  }
}

std::optional<Duration> Reporter::HungFor(std::uint32_t slot) const {
  const auto worker = subjects_.core.workers().find(slot);
  // Before it is ready it has no loop.
  if (worker == subjects_.core.workers().end() || !worker->second.ready) return std::nullopt;
  const TimePoint now = Clock::now();
  return subjects_.workers.HungFor(slot, SilenceOf(worker->second.heartbeat_timeout, now), now);
}

Hung Reporter::FindHung() const {
  Hung hung;
  for (const auto& [slot, worker] : subjects_.core.workers()) {
    if (const auto hung_for = HungFor(slot)) hung[slot] = *hung_for;
  }
  return hung;
}

void Reporter::OnSlotTaken(std::uint32_t slot) {
  slots_taken_ = std::max(slots_taken_, slot + 1);
  // A worker that is started again keeps what it has.
  counted_before_.try_emplace(slot, worker::ReadStats(subjects_.zone.stats(slot)));
  latency_before_.try_emplace(slot, worker::ReadLatency(subjects_.zone.latency(slot)));
}

std::uint64_t Reporter::ClosedAtDeadline(std::uint32_t slot) const {
  const auto before = counted_before_.find(slot);
  if (before == counted_before_.end()) return 0;
  return worker::ReadStats(subjects_.zone.stats(slot)).Since(before->second).closed_at_deadline;
}

StatusSnapshot Reporter::TakeSnapshot() const {
  StatusSnapshot snapshot = SnapshotOf(subjects_.core, counted_before_, usage_, latency_before_);
  snapshot.started = started_;
  snapshot.slots = slots_taken_;
  for (StatusSnapshot::Worker& worker : snapshot.workers) {
    if (const auto hang = hangs_.find(worker.shown.slot()); hang != hangs_.end()) {
      *worker.shown.mutable_hang() = hang->second;
    }
    snapshot.slots =
        std::max(snapshot.slots, worker.shown.slot() + 1);  // also before it is started
  }
  admin::v1::Master& master = snapshot.master;
  master.set_pid(::getpid());
  master.set_version(cli::kVersion);
  master.mutable_start_time()->set_seconds(absl::ToUnixSeconds(start_time_));
  master.mutable_start_time()->set_nanos(
      static_cast<std::int32_t>(absl::ToUnixNanos(start_time_) % 1'000'000'000));
  const auto wall_time = [this](TimePoint time) {
    const absl::Time at = start_time_ + absl::FromChrono(time - started_);
    google::protobuf::Timestamp stamp;
    stamp.set_seconds(absl::ToUnixSeconds(at));
    stamp.set_nanos(static_cast<std::int32_t>(absl::ToUnixNanos(at) % 1'000'000'000));
    return stamp;
  };
  if (const std::optional<TimePoint> until = subjects_.core.trial().deadline()) {
    *master.mutable_trial_until() = wall_time(*until);
  }
  if (master.has_upgrade()) {
    admin::v1::Upgrade& upgrade = *master.mutable_upgrade();
    *upgrade.mutable_begin_time() = wall_time(subjects_.core.upgrade().record().began);
    if (upgrade.state() == admin::v1::Upgrade::ON_TRIAL && master.has_trial_until()) {
      *upgrade.mutable_trial_until() = master.trial_until();
    }
  }
  const Deployments& deployments = subjects_.deployments();
  master.set_log_level(ToSeverity(subjects_.log.level()));
  // Paths need not be UTF-8.
  master.set_config_file(log::Printable(deployments.source().config_file));
  master.set_prefix(log::Printable(deployments.source().prefix));
  if (deployments.shown() == nullptr) return snapshot;
  for (const auto& zone : deployments.shown()->zones) {
    if (zone->name() == worker::kMetricsZone) snapshot.metrics = zone;
  }
  master.set_config_hash(deployments.shown()->identity.hash);
  master.set_is_config_from_call(deployments.shown()->identity.is_from_call);
  for (const std::string& address : deployments.shown()->listeners.addresses()) {
    master.add_listen(log::Printable(address));
  }
  for (const auto& socket : deployments.shown()->listeners.ForAdmin()) {
    master.add_admin_listen(log::Printable(socket->address().ToString()));
  }
  if (const auto socket = deployments.shown()->listeners.ForMetrics()) {
    master.set_metrics_listen(log::Printable(socket->address().ToString()));
  }
  return snapshot;
}

admin::v1::Status Reporter::Report() const {
  return ReportStatus(StatusReport(TakeSnapshot()), subjects_.zone, timers_.now(), FindHung());
}

void Reporter::Publish() {
  auto report = std::make_shared<const StatusReport>(TakeSnapshot());
  const std::lock_guard lock(mutex_);
  published_.swap(report);
}

std::shared_ptr<const StatusReport> Reporter::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

Hung Reporter::FindHung(const StatusSnapshot& snapshot, TimePoint now) const {
  Hung hung;
  for (const StatusSnapshot::Worker& worker : snapshot.workers) {
    if (!worker.has_loop || worker.shown.pid() == 0) continue;
    const std::uint32_t slot = worker.shown.slot();
    const Silence silence = SilenceOf(worker.silent_after, now);
    if (const auto hung_for =
            master::HungFor(worker.shown.pid(), subjects_.zone, slot, silence, now)) {
      hung[slot] = *hung_for;
    }
  }
  return hung;
}

admin::v1::Status Reporter::ReportPublished() const {
  const std::shared_ptr<const StatusReport> report = published();
  const TimePoint now = Clock::now();
  return ReportStatus(*report, subjects_.zone, now, FindHung(report->snapshot(), now));
}

std::string Reporter::WritePublished(StatusPart part) const {
  const std::shared_ptr<const StatusReport> report = published();
  const TimePoint now = Clock::now();
  // The stats do not say whether a worker hangs.
  const Hung hung = part == StatusPart::kStats ? Hung() : FindHung(report->snapshot(), now);
  return report->Write(part, subjects_.zone, now, hung);
}

}  // namespace muster::master
