#include "muster/master/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "muster/config/field_places.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/inspect/object_holders.h"
#include "muster/ipc/zone/object_kind.h"
#include "muster/master/admin/report/generation_report.h"
#include "muster/master/admin/report/status_report.h"
#include "muster/master/admin/report/zone_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/events/log_events.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/protocol/stack_signal.h"

namespace muster::master {

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Create(loop::EventLoop& loop, Log& log,
                                                               EventRing& events, PidFile& pid_file,
                                                               Source source, Deployment first) {
  MUSTER_ASSIGN_OR_RETURN(worker::SharedZone zone, worker::SharedZone::Create());
  MUSTER_ASSIGN_OR_RETURN(HandoffEnds handoff, HandoffEnds::Create());
  SupervisorCore core(zone.capacity());
  std::unique_ptr<Supervisor> supervisor(
      new Supervisor(loop, log, events, pid_file, std::move(zone), std::move(core),
                     std::make_shared<const HandoffEnds>(std::move(handoff))));
  // A debugger reads the symbols of what is executed before it is executed.
  if (source.is_single) supervisor->workers_.SetPatience(std::chrono::hours(1));
  MUSTER_ASSIGN_OR_RETURN(
      supervisor->deployments_,
      Deployments::Create(loop, std::move(source), std::move(first),
                          [target = supervisor.get()](LoadId load, const absl::Status& status) {
                            target->OnLoaded(load, status);
                          }));
  supervisor->reporter_.Publish();
  supervisor->BeginUpkeep();
  return supervisor;
}

void Supervisor::BeginUpkeep() {
  has_begun_ = true;
  deployments_->SetTakers(
      [this](int connection, const std::string& state) { return workers_.Give(connection, state); },
      [this](const std::string& address, std::size_t connections) {
        log_.Write(Severity::kWarning,
                   absl::StrCat(config::Counted(connections, "connection"), " to ", address,
                                ", which is no longer served, closed: no worker took them"));
      },
      [this] { Handle(RetirementEvent{.is_under_way = false}); });
  notifier_.Begin();
  reporter_.Begin();
  log_upkeep_.emplace(loop_, log_, zone_.master_status());
  zone_upkeep_.emplace(
      loop_, log_, zone_,
      ZoneUpkeep::Callbacks{.restore_rest = [this] { RestoreZones(); },
                            .name_of = [this](std::uint32_t slot) { return NameOf(slot); }});
  listener_watch_.emplace(loop_, log_, [this] {
    const Deployment* const current = deployments_->current();
    return current == nullptr ? nullptr : &current->listeners;
  });
}

Supervisor::Supervisor(loop::EventLoop& loop, Log& log, EventRing& events, PidFile& pid_file,
                       worker::SharedZone zone, SupervisorCore core,
                       std::shared_ptr<const HandoffEnds> handoff)
    : loop_(loop),
      log_(log),
      event_ring_(events),
      pid_file_(pid_file),
      zone_(std::move(zone)),
      zone_events_(zone_.events()),
      core_(std::move(core)),
      notifier_(loop),
      store_(loop),
      tick_(loop, [this] { Handle(TickEvent{}); }),
      workers_(loop, log, zone_, std::move(handoff),
               [this](Event event) { OnWorker(std::move(event)); }),
      reporter_(loop, {core_, zone_, workers_,
                       [this]() -> const Deployments& { return *deployments_; }, log_,
                       [this](std::uint32_t slot, std::optional<Duration> hung_for) {
                         OnPulse(slot, hung_for);
                       }}),
      hung_watch_({loop, [this](std::uint32_t slot) { return LookAtHung(slot); },
                   [this](std::uint32_t slot) {
                     workers_.Signal({slot, worker::kStackSignal});
                   },
                   [this](const HungEvent& event, const admin::v1::Hang& hang) {
                     reporter_.SetHang(event.slot, hang);
                     Handle(event);
                   }}) {}

void Supervisor::SetPassed(ListenerSet sockets, const std::vector<std::string>& stored) {
  deployments_->SetPassed(std::move(sockets));
  store_.SetStored(stored);
}

void Supervisor::Start(ReadyFd ready) {
  ready_ = std::move(ready);
  workers_.BeginList(pid_file_.path());
  Handle(StartEvent{deployments_->next()->settings()});
}

// ---- Events in ----

void Supervisor::Handle(Event event) {
  events_.push_back(std::move(event));
  HandleEvents();
}

void Supervisor::HandleEvents() {
  if (!has_begun_ || std::exchange(is_handling_, true)) return;
  while (!events_.empty()) {
    const Event next = std::move(events_.front());
    events_.pop_front();
    std::deque<Event> came_meanwhile;
    came_meanwhile.swap(events_);
    const MasterState before = core_.state();
    const std::vector<Action> actions = core_.Handle(next, Clock::now());
    if (core_.state() != before) {
      TellEvent(admin::v1::Event::STATE_CHANGED, Severity::kInfo,
                admin::v1::Master::State_Name(StateOf(core_.state())));
    }
    // First: a worker that is told to drain sees which generation serves now.
    reporter_.PublishStatus();
    reporter_.PublishHealth();
    for (const Action& action : actions) {
      std::visit([this](const auto& which) { Do(which); }, action);
    }
    // What came of the actions is handled before what happened otherwise.
    events_.insert(events_.end(), came_meanwhile.begin(), came_meanwhile.end());
    CloseWhatNobodyTakes();
  }
  is_handling_ = false;
  reporter_.Publish();
  if (upgrade_is_over_ && !core_.upgrade().is_under_way()) {
    std::exchange(upgrade_is_over_, nullptr)();
  }
  if (const std::optional<TimePoint> deadline = core_.next_deadline()) {
    tick_.Set(*deadline);
  } else {
    tick_.Cancel();
  }
  if (const std::optional<ExecAction> exec = std::exchange(exec_, std::nullopt)) {
    if (WantsExec() && programs_.execute) programs_.execute(*exec);
  }
}

// Connections that a killed worker had handed off, or that came after the last one had looked.
void Supervisor::CloseWhatNobodyTakes() {
  const MasterState state = core_.state();
  if (!workers_.empty() || (state != MasterState::kPaused && state != MasterState::kStopping))
    return;
  const std::size_t closed = workers_.CloseHandedOff();
  if (closed == 0) return;
  closed_in_handoff_ += closed;
  log_.Write(Severity::kWarning, absl::StrCat(config::Counted(closed, "connection"),
                                              " closed that a worker had handed off: no worker is "
                                              "left to take it over"));
}

void Supervisor::RestoreZones() {
  deployments_->RestoreZones();
  reporter_.PublishStatus();
  zone_events_.StoreAgain();
}

admin::v1::Lock Supervisor::AcceptMutex() const {
  const ipc::ObjectHolders holders =
      ipc::HoldersOf({.name = "",
                      .kind = ipc::ObjectKind::kMutex,
                      .type = "",
                      .state = reinterpret_cast<std::byte*>(zone_.accept_mutex_state())});
  admin::v1::Lock lock;
  lock.set_name("accept_mutex");
  lock.set_kind(ipc::ToString(ipc::ObjectKind::kMutex));
  for (const ipc::OwnerTag owner : holders.owners) {
    admin::v1::LockHolder* const holder = lock.add_owners();
    holder->set_slot(owner.slot());
    const auto worker = core_.workers().find(owner.slot());
    if (worker == core_.workers().end()) continue;
    holder->set_pid(worker->second.pid);
    holder->mutable_worker()->set_index(worker->second.index);
    holder->mutable_worker()->set_generation(worker->second.generation);
  }
  SetLockState(holders, &lock);
  return lock;
}

admin::v1::ListGenerationsResponse Supervisor::ListGenerations() const {
  return ReportGenerations(core_, Clock::now(), absl::Now());
}

std::string Supervisor::NameOf(std::uint32_t slot) const {
  const auto worker = core_.workers().find(slot);
  return worker == core_.workers().end() ? "" : worker->second.Name();
}

void Supervisor::OnWorker(Event event) {
  if (auto* failed = std::get_if<FailedEvent>(&event)) {
    const auto worker = core_.workers().find(failed->slot);
    const bool is_new =
        worker != core_.workers().end() && worker->second.generation != core_.generation();
    const Deployment* const next = deployments_->next();
    const config::FieldPlaces places =
        is_new && next != nullptr ? next->places : config::FieldPlaces();
    failed->reason = places.Explain(failed->reason);
  }
  if (auto* exited = std::get_if<ExitedEvent>(&event)) {
    exited->closed_at_deadline = reporter_.ClosedAtDeadline(exited->slot);
    LiveWorkers::Remains remains = workers_.Bury(exited->slot);
    exited->connections = remains.connections;
    exited->requests = remains.requests;
    exited->at_hand = std::move(remains.at_hand);
    exited->last_words = std::move(remains.last_words);
    reporter_.OnExit(exited->slot);
    // Before this exit is answered with how many connections were closed.
    CloseWhatNobodyTakes();
    if (deployments_->source().is_single) EndWith(*exited);
  }
  Handle(std::move(event));
}

void Supervisor::EndWith(const ExitedEvent& event) {
  const auto worker = core_.workers().find(event.slot);
  if (worker == core_.workers().end() || !worker->second.is_wanted) return;
  // A reload, a restart or a scaling fails with the worker that it has started.
  if (core_.generation() != 0 && worker->second.generation != core_.generation()) return;
  if (worker->second.is_on_probation) return;
  workers_exit_ = event.exit.was_killed ? 128 + event.exit.code : event.exit.code;
  // If it could not even start, the core ends.
  if (core_.generation() == 0) return;
  log_.Write(Severity::kInfo,
             absl::StrCat("--single: the master ends with ", worker->second.Name()));
  Handle(StopEvent{});
}

// ---- Processes ----

void Supervisor::Do(const SpawnAction& action) {
  reporter_.OnSlotTaken(action.slot);
  const Deployment& deployment = DeploymentOf(action.generation);
  const absl::StatusOr<pid_t> pid = workers_.Start(action, deployment);
  if (pid.ok()) {
    Handle(SpawnedEvent{action.slot, *pid});
  } else {
    Handle(SpawnFailedEvent{action.slot, std::string(pid.status().message())});
  }
}

const Deployment& Supervisor::DeploymentOf(std::uint64_t generation) const {
  const Deployment* deployment = deployments_->Find(generation);
  if (deployment == nullptr) deployment = deployments_->next();
  MUSTER_CHECK(deployment != nullptr, "the core starts workers of a loaded generation only");
  return *deployment;
}

// Nobody is there if it could not be spawned, which the core learns next.
void Supervisor::Do(const SendAction& action) {
  OpenedLogs logs;
  if (action.command == worker::Command::kReopen) logs = OpenLogsAgain(action.slot);
  workers_.Send(action, std::move(logs));
}
void Supervisor::Do(const SignalAction& action) { workers_.Signal(action); }

void Supervisor::Do(const ReleaseSlotAction& action) {
  // The zone's slot was freed when the process had ended.
  reporter_.OnSlotReleased(action.slot);
}

// ---- The outside ----

void Supervisor::Do(const ReplyAction& action) {
  const auto found = waiting_.find(action.request);
  if (found == waiting_.end()) return;
  const Reply reply = std::move(found->second);
  waiting_.erase(found);
  brought_.erase(action.request);
  Outcome outcome = action.outcome;
  outcome.connections_closed += closed_in_handoff_ - closed_before_;
  // Whoever asks after the answer sees what it says.
  reporter_.Publish();
  reply(outcome);
}

void Supervisor::Do(const LogAction& action) {
  log_.WriteUnheard(action.severity, action.text);
  if (std::optional<admin::v1::Event> event = EventOf(action)) AddEvent(*std::move(event));
}

void Supervisor::AddEvent(admin::v1::Event event) {
  zone_events_.Add(event);
  event_ring_.Add(std::move(event));
}

void Supervisor::TellEvent(admin::v1::Event::Kind kind, Severity severity, std::string text) {
  admin::v1::Event event;
  event.set_kind(kind);
  event.set_severity(SeverityOf(severity));
  event.set_generation(core_.generation());
  event.set_text(std::move(text));
  AddEvent(std::move(event));
}

void Supervisor::OnPulse(std::uint32_t slot, std::optional<Duration> hung_for) {
  if (hung_for.has_value()) return hung_watch_.OnSilent(slot);
  hung_watch_.OnAwake(slot);
  const auto worker = core_.workers().find(slot);
  if (worker != core_.workers().end()) Handle(WokeEvent{slot, worker->second.pid});
}

std::optional<HungWatch::Subject> Supervisor::LookAtHung(std::uint32_t slot) const {
  const auto worker = core_.workers().find(slot);
  std::optional<HungWatch::Subject> subject = workers_.Examine(slot);
  if (worker == core_.workers().end() || !subject.has_value()) return std::nullopt;
  const std::optional<Duration> hung_for = reporter_.HungFor(slot);
  if (!hung_for.has_value()) return std::nullopt;  // it runs its loop again
  subject->silent = *hung_for;
  // An older one listens no more.
  const Deployment* const current = deployments_->current();
  if (worker->second.generation == core_.generation() && current != nullptr) {
    subject->listeners = current->listeners.addresses();
  }
  return subject;
}

void Supervisor::Do(const ExitAction& action) {
  exit_code_ = workers_exit_.value_or(action.code);
  loop_.Stop();
}

void Supervisor::Do(const NotifyAction& action) {
  switch (action.what) {
    case NotifyAction::What::kReady:
      notifier_.TellReady(absl::StrCat("generation ", core_.generation(), ", ",
                                       core_.state() == MasterState::kPaused
                                           ? "paused"
                                           : config::Counted(core_.wanted_workers(), "worker")));
      break;
    case NotifyAction::What::kReloading:
      notifier_.TellReloading();
      break;
    case NotifyAction::What::kStopping:
      notifier_.TellStopping();
      break;
  }
}

// ---- Other programs ----

void Supervisor::Do(const TryProgramAction& action) {
  if (programs_.try_program) return programs_.try_program(action);
  Handle(ProgramTriedEvent{.upgrade = action.upgrade,
                           .status = absl::UnimplementedError("no program can be tried")});
}

void Supervisor::Do(const AbandonProgramAction& action) {
  if (programs_.abandon_program) programs_.abandon_program(action);
}

void Supervisor::Do(const ExecAction& action) { exec_ = action; }

void Supervisor::SetNewestProtocol(std::uint32_t protocol) {
  workers_.SetNewestProtocol(
      std::clamp(protocol, worker::kOldestProtocolVersion, worker::kProtocolVersion));
}

void Supervisor::Do(const DropOldProgramAction&) {
  workers_.SetNewestProtocol(worker::kProtocolVersion);
  if (programs_.drop_old_program) programs_.drop_old_program();
}

void Supervisor::OnProgramTried(std::uint64_t upgrade, const absl::StatusOr<std::string>& version) {
  Handle(ProgramTriedEvent{upgrade, version.status(), version.ok() ? *version : ""});
}

}  // namespace muster::master
