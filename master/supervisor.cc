#include "muster/master/supervisor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/log/printable.h"
#include "muster/master/admin/health_report.h"
#include "muster/master/config/field_places.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/process/orphans.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/worker_pulse.h"
#include "muster/process_env/controlling_terminal.h"
#include "muster/proto/counted.h"
#include "muster/proto/duration.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::master {
namespace {

// Each has two descriptors.
constexpr std::size_t kZonesPerMessage = ipc::kMaxChannelFds / 2;

// That a worker may say it had when it ended: more than any can have is a lie.
constexpr std::uint64_t kMostConnections = 1 << 21;
// How often at most the log has it that the accept mutex was not in order.
constexpr auto kWarnEvery = std::chrono::minutes(1);
constexpr std::chrono::seconds kBetweenPulses{1};

}  // namespace

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Create(loop::EventLoop& loop, Log& log,
                                                               PidFile& pid_file, Source source,
                                                               Deployment first) {
  MUSTER_ASSIGN_OR_RETURN(worker::SharedZone zone, worker::SharedZone::Create());
  MUSTER_ASSIGN_OR_RETURN(HandoffEnds handoff, HandoffEnds::Create());
  std::unique_ptr<Supervisor> supervisor(new Supervisor(loop, log, pid_file, std::move(source),
                                                        std::move(first), std::move(zone),
                                                        std::move(handoff)));
  MUSTER_ASSIGN_OR_RETURN(
      supervisor->loader_,
      DeploymentLoader::Create(loop, [target = supervisor.get()](LoadId load, auto loaded) {
        target->OnLoaded(load, std::move(loaded));
      }));
  return supervisor;
}

Supervisor::Supervisor(loop::EventLoop& loop, Log& log, PidFile& pid_file, Source source,
                       Deployment first, worker::SharedZone zone, HandoffEnds handoff)
    : loop_(loop),
      log_(log),
      pid_file_(pid_file),
      source_(std::move(source)),
      start_time_(absl::Now()),
      started_(Clock::now()),
      zone_(std::move(zone)),
      handoff_(std::move(handoff)),
      core_(zone_.capacity()),
      notifier_(loop),
      tick_(loop, [this] { Handle(TickEvent{}); }),
      log_upkeep_(loop, log, zone_.master_status()),
      accept_mutex_watch_(zone_),
      zone_watch_(loop, [this] { LookAfterZones(); }),
      pulse_(loop, [this] { FeelPulses(); }),
      next_(std::move(first)) {
  LookAfterZones();
}

void Supervisor::Start(ReadyFd ready) {
  ready_ = std::move(ready);
  BeginWorkerList();
  pulse_.SetAfter(kBetweenPulses);
  Handle(StartEvent{next_->settings()});
}

void Supervisor::BeginWorkerList() {
  const std::string path = WorkerList::PathFor(pid_file_.path());
  absl::StatusOr<WorkerList> list = WorkerList::Create(path, StillRunning(WorkerList::Read(path)));
  Warn(list.status());
  if (list.ok()) worker_list_.emplace(*std::move(list));
}

void Supervisor::Warn(const absl::Status& status) {
  if (!status.ok()) log_.Write(Severity::kWarning, status.message());
}

// ---- Events in ----

void Supervisor::Handle(Event event) {
  events_.push_back(std::move(event));
  if (std::exchange(is_handling_, true)) return;
  while (!events_.empty()) {
    const Event next = std::move(events_.front());
    events_.pop_front();
    std::deque<Event> came_meanwhile;
    came_meanwhile.swap(events_);
    const std::vector<Action> actions = core_.Handle(next, Clock::now());
    // First: a worker that is told to drain sees which generation serves now.
    PublishStatus();
    PublishHealth();
    for (const Action& action : actions) {
      std::visit([this](const auto& which) { Do(which); }, action);
    }
    // What came of the actions is handled before what happened otherwise.
    events_.insert(events_.end(), came_meanwhile.begin(), came_meanwhile.end());
    CloseWhatNobodyTakes();
  }
  is_handling_ = false;
  if (const std::optional<TimePoint> deadline = core_.next_deadline()) {
    tick_.Set(*deadline);
  } else {
    tick_.Cancel();
  }
}

// Connections that a killed worker had handed off, or that came after the last one had looked.
void Supervisor::CloseWhatNobodyTakes() {
  const MasterState state = core_.state();
  if (!live_.empty() || (state != MasterState::kPaused && state != MasterState::kStopping)) return;
  const std::size_t closed = handoff_.CloseAll();
  if (closed == 0) return;
  closed_in_handoff_ += closed;
  log_.Write(Severity::kWarning, absl::StrCat(config::Counted(closed, "connection"),
                                              " closed that a worker had handed off: no worker is "
                                              "left to take it over"));
}

// For the workers, who show it to who asks them, and hand connections off by it.
void Supervisor::PublishStatus() {
  const auto set = [](ipc::Gauge& gauge, std::uint64_t value) {
    gauge.Set(static_cast<std::int64_t>(value));
  };
  worker::MasterStatus& status = zone_.master_status();
  status.pid.Set(::getpid());
  status.start_time.Set(absl::ToUnixSeconds(start_time_));
  status.started.Set(std::chrono::nanoseconds(started_.time_since_epoch()).count());
  set(status.generation, core_.generation());
  set(status.worker_processes, core_.wanted_workers());
  set(status.reloads, core_.reloads());
  set(status.reloads_refused, core_.reloads_refused());
  set(status.crashes, core_.crashes());
}

void Supervisor::LookAfterZones() {
  zone_watch_.SetAfter(worker::AcceptMutexWatch::kInterval);
  zone_.Restore();
  for (const std::optional<Deployment>* deployment : {&current_, &next_}) {
    if (!deployment->has_value()) continue;
    for (const auto& zone : (*deployment)->zones) zone->Restore();
  }
  PublishStatus();
  const worker::AcceptMutexWatch::Report report = accept_mutex_watch_.Look();
  if (report.finding == worker::AcceptMutexWatch::Finding::kGood) return;
  // A worker that damages it again and again does not fill the log.
  if (Clock::now() < next_mutex_warning_) return;
  next_mutex_warning_ = Clock::now() + kWarnEvery;
  const auto worker = core_.workers().find(report.slot);
  const bool is_stuck = report.finding == worker::AcceptMutexWatch::Finding::kStuck;
  log_.Write(Severity::kWarning,
             is_stuck && worker != core_.workers().end()
                 ? absl::StrCat(worker->second.Name(),
                                " does not give the accept mutex back; the others go on without it")
                 : "the accept mutex was damaged; it is free again");
}

void Supervisor::PublishHealth() {
  const std::optional<Deployment>& deployment = current_ ? current_ : next_;
  const std::uint32_t workers = deployment ? deployment->config.worker_processes() : 0;
  health_.Set(ReportHealth(core_, workers, silent_));
}

void Supervisor::FeelPulses() {
  silent_.clear();
  for (const auto& [slot, hung_for] : FindHung()) silent_.insert(slot);
  PublishHealth();
  pulse_.SetAfter(kBetweenPulses);
}

void Supervisor::OnWorker(Event event) {
  if (auto* failed = std::get_if<FailedEvent>(&event)) {
    const auto worker = core_.workers().find(failed->slot);
    const bool is_new =
        worker != core_.workers().end() && worker->second.generation != core_.generation();
    const FieldPlaces places = is_new && next_ ? next_->places : FieldPlaces();
    failed->reason = places.Explain(failed->reason);
  }
  auto* exited = std::get_if<ExitedEvent>(&event);
  if (exited != nullptr) {
    const auto found = live_.find(exited->slot);
    exited->connections = std::max(ActiveConnections(exited->slot), found->second.cut);
    // In this order: while the process is a zombie its pid means nobody else.
    worker::RecoverSlot(zone_, found->second.tag, found->second.zones);
    found->second.process->Reap();
    loader_->Destroy(std::move(found->second.zones));
    silent_.erase(exited->slot);
    live_.erase(found);
    if (worker_list_) Warn(worker_list_->Remove(exited->slot));
    // Before this exit is answered with how many connections were closed.
    CloseWhatNobodyTakes();
  }
  Handle(std::move(event));
}

RequestId Supervisor::Await(Reply reply) {
  if (!reply) return 0;
  waiting_[++last_request_] = std::move(reply);
  return last_request_;
}

void Supervisor::Reload(Reply reply) { Handle(ReloadEvent{Await(std::move(reply))}); }
void Supervisor::Pause(Reply reply) { Handle(PauseEvent{Await(std::move(reply))}); }
void Supervisor::Resume(Reply reply) { Handle(ResumeEvent{Await(std::move(reply))}); }
void Supervisor::Quit(Reply reply) { Handle(QuitEvent{Await(std::move(reply))}); }
void Supervisor::Stop(Reply reply) { Handle(StopEvent{Await(std::move(reply))}); }
void Supervisor::Reopen(Reply reply) {
  Handle(ReopenEvent{Await(std::move(reply)), log_.Reopen()});
}

void Supervisor::ObeySignal(const ipc::ReceivedSignal& signal) {
  const auto* entry = kSignalOrders.FindNumber(signal.number);
  if (entry == nullptr) return;
  if (entry->command == SignalOrder::kPause) {
    // A terminal tells by it that its size has changed.
    if (!signal.is_from_process) return;
    if (process_env::HasControllingTerminal()) {
      log_.Write(Severity::kWarning,
                 "got SIGWINCH; it pauses only a master that no terminal controls: use ctl pause");
      return;
    }
  }
  log_.Write(Severity::kInfo, absl::StrCat("got SIG", entry->name));
  switch (entry->command) {
    case SignalOrder::kReload:
      return Reload(nullptr);
    case SignalOrder::kReopen:
      return Reopen(nullptr);
    case SignalOrder::kQuit:
      return Quit(nullptr);
    case SignalOrder::kStop:
      return Stop(nullptr);
    case SignalOrder::kPause:
      return Pause(nullptr);
    case SignalOrder::kMoreWorkers:
      return Handle(ScaleEvent{+1});
    case SignalOrder::kFewerWorkers:
      return Handle(ScaleEvent{-1});
    case SignalOrder::kUpgrade:
      log_.Write(Severity::kWarning, "this version cannot replace its program while it runs");
      return;
  }
}

// ---- Processes ----

void Supervisor::Do(const SpawnAction& action) {
  pid_t pid = 0;
  const absl::Status status = SpawnInto(action, &pid);
  if (status.ok()) {
    Handle(SpawnedEvent{action.slot, pid});
  } else {
    Handle(SpawnFailedEvent{action.slot, std::string(status.message())});
  }
}

const Deployment& Supervisor::DeploymentOf(std::uint64_t generation) const {
  return generation == core_.generation() ? *current_ : *next_;
}

absl::Status Supervisor::SpawnInto(const SpawnAction& action, pid_t* pid) {
  const Deployment& deployment = DeploymentOf(action.generation);
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag tag, zone_.Reserve(action.slot));
  for (const auto& zone : deployment.zones) zone->Restore();
  // A worker that is started again keeps what it has.
  counted_before_.try_emplace(action.slot, worker::ReadStats(zone_.stats(action.slot)));
  absl::StatusOr<SpawnedWorker> spawned = spawner_.Spawn(deployment.worker);
  if (!spawned.ok()) {
    worker::RecoverSlot(zone_, tag);
    return deployment.ExplainWorker(spawned.status());
  }
  absl::StatusOr<std::unique_ptr<SupervisedWorker>> process = SupervisedWorker::Start(
      loop_, log_, *std::move(spawned), action.slot, WorkerName(action.generation, action.index),
      [this](Event event) { OnWorker(std::move(event)); });
  if (!process.ok()) {
    worker::RecoverSlot(zone_, tag);
    return process.status();
  }
  *pid = (*process)->pid();
  zone_.registry().SetProcess(tag, *pid);
  if (worker_list_) Warn(worker_list_->Add(action.slot, *pid));
  HandOver(**process, tag, action, deployment);
  live_[action.slot] = Live{*std::move(process), tag, deployment.zones};
  return absl::OkStatus();
}

void Supervisor::HandOver(SupervisedWorker& process, ipc::OwnerTag tag, const SpawnAction& action,
                          const Deployment& deployment) {
  const std::vector<ListenerSet::Entry> listeners =
      deployment.listeners.ForWorker(action.index, deployment.config.worker_processes());
  for (std::size_t begin = 0; begin < listeners.size(); begin += ipc::kMaxChannelFds) {
    worker::v1::Listeners message;
    std::vector<int> fds;
    for (std::size_t i = begin; i < std::min(begin + ipc::kMaxChannelFds, listeners.size()); ++i) {
      message.add_listener()->set_address(listeners[i].address);
      fds.push_back(listeners[i].fd);
    }
    process.Send(worker::Command::kListeners, 0, message.SerializeAsString(), fds);
  }
  for (std::size_t begin = 0; begin < deployment.zones.size(); begin += kZonesPerMessage) {
    worker::v1::Zones message;
    std::vector<int> fds;
    const std::size_t end = std::min(begin + kZonesPerMessage, deployment.zones.size());
    for (std::size_t i = begin; i < end; ++i) {
      message.add_zone()->set_name(deployment.zones[i]->name());
      fds.push_back(deployment.zones[i]->memory_fd());
      fds.push_back(deployment.zones[i]->bell_fd());
    }
    process.Send(worker::Command::kZones, 0, message.SerializeAsString(), fds);
  }
  worker::v1::Hello hello;
  hello.set_version(worker::kOldestProtocolVersion);
  hello.set_newest_version(worker::kProtocolVersion);
  hello.set_owner_tag(tag.bits());
  hello.set_slot(action.slot);
  hello.set_index(action.index);
  hello.set_generation(action.generation);
  hello.set_listeners(static_cast<std::uint32_t>(listeners.size()));
  hello.set_zones(static_cast<std::uint32_t>(deployment.zones.size()));
  process.Send(
      worker::Command::kHello, 0, hello.SerializeAsString(),
      {zone_.fd(), deployment.sealed_config.get(), handoff_.take_fd(), handoff_.give_fd()});
}

void Supervisor::Do(const SendAction& action) {
  // Nobody is there if it could not be spawned, which the core learns next.
  const auto found = live_.find(action.slot);
  if (found == live_.end()) return;
  // Its own count is zero when it has obeyed.
  if (action.command == worker::Command::kTerminate) {
    found->second.cut = ActiveConnections(action.slot);
  }
  found->second.process->Send(action.command, action.token, "", {});
}

std::uint64_t Supervisor::ActiveConnections(std::uint32_t slot) const {
  return std::min(worker::ReadStats(zone_.stats(slot)).active, kMostConnections);
}

void Supervisor::Do(const SignalAction& action) {
  const auto found = live_.find(action.slot);
  if (found != live_.end()) found->second.process->Signal(action.signal);
}

void Supervisor::Do(const ReleaseSlotAction& action) {
  // The zone's slot was freed when the process had ended.
  counted_before_.erase(action.slot);
}

// ---- Configurations ----

void Supervisor::Do(const LoadAction& action) {
  // Shared so that a load which hangs does not keep them open when they are to be closed.
  offered_ = std::make_shared<const ListenerSet>(current_->listeners);
  DeploymentSource::Current current = {.pid_file = current_->config.pid_file(),
                                       .admin_listen = current_->config.admin().listen(),
                                       .listeners = offered_,
                                       .zones = current_->zones};
  auto load = [source = source_, current = std::move(current)](int stop_fd) {
    return source.Load(current, stop_fd);
  };
  const absl::Status status = loader_->Begin(action.load, std::move(load));
  if (!status.ok()) Handle(LoadRefusedEvent{action.load, status});
}

void Supervisor::Do(const LoadAgainAction& action) { OnLoaded(action.load, current_->Copy()); }

void Supervisor::Do(const AbandonLoadAction& action) {
  offered_.reset();
  if (!action.is_overdue) return loader_->Abandon(action.load);
  Handle(LoadRefusedEvent{action.load, loader_->AbandonOverdue(action.load)});
}

void Supervisor::OnLoaded(LoadId load, absl::StatusOr<Deployment> loaded) {
  offered_.reset();
  if (!loaded.ok()) return Handle(LoadRefusedEvent{load, loaded.status()});
  next_ = *std::move(loaded);
  next_load_ = load;
  Handle(LoadedEvent{load, next_->settings()});
}

void Supervisor::Do(const ListenAction& action) {
  std::vector<std::uint32_t> slots;
  for (const auto& [slot, worker] : core_.workers()) {
    if (worker.generation == action.generation) slots.push_back(slot);
  }
  bool have_all = true;
  for (const std::uint32_t slot : slots) {
    const auto found = live_.find(slot);
    if (found != live_.end() && found->second.process->CheckExit()) have_all = false;
  }
  if (!have_all) return;
  const absl::Status status = next_->listeners.Listen();
  if (status.ok()) {
    Handle(ListeningEvent{action.generation});
  } else {
    Handle(ListenRefusedEvent{action.generation, next_->places.Explain(status)});
  }
}

void Supervisor::Do(const CommitAction& action) {
  // Before anybody is told: who drains looks there for those who serve.
  zone_.master_status().generation.Set(static_cast<std::int64_t>(action.generation));
  const bool is_first = !current_.has_value();
  const std::vector<std::string> before =
      is_first ? std::vector<std::string>() : current_->listeners.addresses();
  if (!is_first) Retire(*std::exchange(current_, std::nullopt));
  current_ = std::exchange(next_, std::nullopt);
  PublishHealth();                   // it may have another number of workers
  current_->places = FieldPlaces();  // the file may say something else from now on
  const std::vector<std::string> now = current_->listeners.addresses();
  for (const std::string& address : now) {
    if (std::count(before.begin(), before.end(), address) == 0) {
      log_.Write(Severity::kInfo, absl::StrCat("listening on ", address));
    }
  }
  for (const std::string& address : before) {
    if (std::count(now.begin(), now.end(), address) == 0) {
      log_.Write(Severity::kInfo, absl::StrCat("no longer listening on ", address));
    }
  }
  if (const absl::Status status = log_.Configure(current_->config.log()); !status.ok()) {
    log_.Write(Severity::kError, absl::StrCat("the log stays as it was: ", status.message()));
  }
  if (!is_first && keep_admin_socket_) {
    const absl::Status status = keep_admin_socket_(current_->admin_rights);
    if (!status.ok()) {
      log_.Write(Severity::kError,
                 absl::StrCat("the admin socket stays as it is: ", status.message()));
    }
  }
  if (!is_first) return;
  if (const absl::Status status = pid_file_.Write(); !status.ok()) {
    log_.Write(Severity::kError, status.message());
  }
  if (const absl::Status status = ready_.Tell(now); !status.ok()) {
    log_.Write(Severity::kWarning, status.message());
  }
}

void Supervisor::Do(const RollBackAction& action) {
  if (next_ && action.load == next_load_) Retire(*std::exchange(next_, std::nullopt));
}

void Supervisor::Retire(Deployment deployment) {
  deployment.listeners = ListenerSet();
  loader_->Destroy(std::move(deployment));
}

void Supervisor::Do(const CloseListenersAction&) {
  offered_.reset();
  if (current_) current_->listeners = ListenerSet();
  if (next_) next_->listeners = ListenerSet();
}

void Supervisor::Do(const CountClosedAction&) {
  closed_before_ = zone_.Sum().closed_at_deadline + closed_in_handoff_;
}

// ---- The outside ----

void Supervisor::Do(const ReplyAction& action) {
  const auto found = waiting_.find(action.request);
  if (found == waiting_.end()) return;
  const Reply reply = std::move(found->second);
  waiting_.erase(found);
  Outcome outcome = action.outcome;
  const std::uint64_t closed = zone_.Sum().closed_at_deadline + closed_in_handoff_;
  outcome.connections_closed = closed - std::min(closed, closed_before_);
  reply(outcome);
}

void Supervisor::Do(const LogAction& action) { log_.Write(action.severity, action.text); }

void Supervisor::Do(const ExitAction& action) {
  exit_code_ = action.code;
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

Hung Supervisor::FindHung() const {
  Hung hung;
  const TimePoint now = Clock::now();
  for (const auto& [slot, worker] : live_) {
    const auto record = core_.workers().find(slot);
    // Before it is ready it has no loop.
    if (record == core_.workers().end() || !record->second.ready) continue;
    const auto hung_for = HungFor(*worker.process, zone_, worker.tag, now);
    if (hung_for.has_value()) hung[slot] = *hung_for;
  }
  return hung;
}

admin::v1::Status Supervisor::Report() const {
  admin::v1::Status status = ReportStatus(core_, zone_, counted_before_, Clock::now(), FindHung());
  admin::v1::Master* master = status.mutable_master();
  master->set_pid(::getpid());
  master->set_version(cli::kVersion);
  master->mutable_start_time()->set_seconds(absl::ToUnixSeconds(start_time_));
  master->mutable_start_time()->set_nanos(
      static_cast<std::int32_t>(absl::ToUnixNanos(start_time_) % 1'000'000'000));
  *master->mutable_uptime() = config::FromChrono(Clock::now() - started_);
  // Paths need not be UTF-8.
  master->set_config_file(log::Printable(source_.config_file));
  master->set_prefix(log::Printable(source_.prefix));
  const std::optional<Deployment>& deployment = current_ ? current_ : next_;
  if (!deployment) return status;
  for (const std::string& address : deployment->listeners.addresses()) {
    master->add_listen(log::Printable(address));
  }
  return status;
}

}  // namespace muster::master
