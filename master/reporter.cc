#include "muster/master/reporter.h"

#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "muster/cli/version.h"
#include "muster/ipc/lock/counter.h"
#include "muster/log/printable.h"
#include "muster/master/admin/health_report.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/deployment/deployment.h"
#include "muster/proto/duration.h"
#include "muster/worker/zone/master_status.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {
namespace {

constexpr std::chrono::seconds kBetweenPulses{1};

}  // namespace

Reporter::Reporter(loop::TimerQueue& timers, Subjects subjects)
    : subjects_(std::move(subjects)),
      timers_(timers),
      start_time_(absl::Now()),
      started_(timers.now()),
      pulse_(timers, [this] { FeelPulses(); }) {
  pulse_.SetAfter(kBetweenPulses);
}

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
  health_.Set(ReportHealth(subjects_.core, workers, silent_));
}

void Reporter::FeelPulses() {
  silent_.clear();
  for (const auto& [slot, hung_for] : FindHung()) silent_.insert(slot);
  PublishHealth();
  pulse_.SetAfter(kBetweenPulses);
}

Hung Reporter::FindHung() const {
  Hung hung;
  const TimePoint now = Clock::now();
  for (const auto& [slot, worker] : subjects_.core.workers()) {
    // Before it is ready it has no loop.
    if (!worker.ready) continue;
    if (const auto hung_for = subjects_.workers.HungFor(slot, now)) hung[slot] = *hung_for;
  }
  return hung;
}

void Reporter::OnSlotTaken(std::uint32_t slot) {
  // A worker that is started again keeps what it has.
  counted_before_.try_emplace(slot, worker::ReadStats(subjects_.zone.stats(slot)));
}

admin::v1::Status Reporter::Report() const {
  admin::v1::Status status =
      ReportStatus(subjects_.core, subjects_.zone, counted_before_, Clock::now(), FindHung());
  admin::v1::Master* const master = status.mutable_master();
  master->set_pid(::getpid());
  master->set_version(cli::kVersion);
  master->mutable_start_time()->set_seconds(absl::ToUnixSeconds(start_time_));
  master->mutable_start_time()->set_nanos(
      static_cast<std::int32_t>(absl::ToUnixNanos(start_time_) % 1'000'000'000));
  *master->mutable_uptime() = config::FromChrono(timers_.now() - started_);
  const Deployments& deployments = subjects_.deployments();
  // Paths need not be UTF-8.
  master->set_config_file(log::Printable(deployments.source().config_file));
  master->set_prefix(log::Printable(deployments.source().prefix));
  if (deployments.shown() == nullptr) return status;
  for (const std::string& address : deployments.shown()->listeners.addresses()) {
    master->add_listen(log::Printable(address));
  }
  for (const auto& socket : deployments.shown()->listeners.ForAdmin()) {
    master->add_admin_listen(log::Printable(socket->address().ToString()));
  }
  return status;
}

}  // namespace muster::master
