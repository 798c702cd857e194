#ifndef MUSTER_MASTER_SUPERVISOR_H_
#define MUSTER_MASTER_SUPERVISOR_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/events/zone_events.h"
#include "muster/master/handoff/handoff_ends.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/logs/log_opener.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/master/process/log.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/process/ready_fd.h"
#include "muster/master/reporter.h"
#include "muster/master/systemd/descriptor_store.h"
#include "muster/master/systemd/service_notifier.h"
#include "muster/master/upkeep/listener_watch.h"
#include "muster/master/upkeep/log_upkeep.h"
#include "muster/master/upkeep/zone_upkeep.h"
#include "muster/master/workers/hung_watch.h"
#include "muster/master/workers/live_workers.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/state/core_state.pb.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/proto/zone_call.pb.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// Performs what SupervisorCore decides, on processes, sockets and files, and reports to it what
// happens. Used in the thread of `loop` only. Stops the loop when no worker is left.
class Supervisor {
 public:
  using Reply = std::function<void(const Outcome&)>;

  using Source = DeploymentSource;

  // `first` is for generation 1. `loop`, `log`, `events`, which is told what happens, and
  // `pid_file` outlive the supervisor. The pid file is written when that generation is ready.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Create(loop::EventLoop& loop, Log& log,
                                                            EventRing& events, PidFile& pid_file,
                                                            Source source, Deployment first);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Before Start: the sockets that the service manager passed and keeps, and the names of what its
  // store has of a master before this one.
  void SetPassed(ListenerSet sockets, const std::vector<std::string>& stored);
  // Starts the first generation. `ready` gets its line when it serves. Run the loop after this.
  void Start(ReadyFd ready = ReadyFd());
  // After the loop has stopped.
  int exit_code() const { return exit_code_; }

  // The operator's requests. Each Reply is called once, when the change is complete or did not
  // happen. Each returns the number of the request.
  RequestId Reload(Reply reply);  // of the file, as SIGHUP
  // With this configuration in place of the file, if there is one. `until_drained`: answered when
  // the old workers have ended.
  RequestId Reload(std::optional<CalledConfig> config, ReloadEvent event, Reply reply);
  RequestId Rollback(RollbackEvent event, Reply reply);
  RequestId ChangeWorkers(WorkerOrderEvent event, Reply reply);
  RequestId Reopen(Reply reply);
  RequestId Pause(Reply reply);
  RequestId Resume(std::string by, Reply reply);
  RequestId Quit(Reply reply);
  RequestId Stop(Reply reply);
  RequestId Upgrade(UpgradeEvent event, Reply reply);
  // From now on, master and workers log from this level on, until a reload is committed. Returns
  // the one until now.
  config::v1::Log::Level SetLogLevel(config::v1::Log::Level level);
  // Whoever sent that request waits no longer. A reload or a resume is answered now, and undone if
  // nobody else waits for it and it is not committed. Others go on, and are answered later.
  void Withdraw(RequestId request, const std::string& why);
  // Does what SIGHUP, SIGTERM and the like ask for.
  void ObeySignal(const ipc::ReceivedSignal& signal);

  // What was so after the last event, with what the workers have counted by now; and the generation
  // that served then. In any thread.
  admin::v1::Status Report() const { return reporter_.ReportPublished(); }
  std::string WriteReport(StatusPart part) const { return reporter_.WritePublished(part); }
  std::vector<admin::v1::Metric> ReadMetrics() const { return reporter_.ReadMetrics(); }
  std::uint64_t generation() const { return reporter_.published_generation(); }
  const Deployments& deployments() const { return *deployments_; }
  // The history, the newest first. In the loop's thread.
  admin::v1::ListGenerationsResponse ListGenerations() const;
  // In the loop's thread, as what follows: of the generation that serves.
  std::uint32_t wanted_workers() const { return core_.wanted_workers(); }
  // Of all generations, by slot.
  const std::map<std::uint32_t, WorkerRecord>& workers() const { return core_.workers(); }
  // The lock that is muster's own.
  admin::v1::Lock AcceptMutex() const;
  // What the admin service tells health probes.
  HealthBoard& health() { return reporter_.health(); }

  // Called whenever a reload is committed: from now on these are the sockets of the admin service,
  // and who may use it is what the terms say.
  using KeepAdmin = std::function<absl::Status(const ListenerSet&, const AdminTerms&)>;
  void SetKeepAdmin(KeepAdmin keep) { keep_admin_ = std::move(keep); }
  // Who tries and executes other programs of the master. In the loop's thread.
  struct Programs {
    // Answered by OnProgramTried, not from within this call.
    std::function<void(const TryProgramAction&)> try_program;
    std::function<void(const AbandonProgramAction&)> abandon_program;
    // Called when all events are handled. Whoever executes a program later asks WantsExec right
    // before; if it cannot, OnExecFailed is called.
    std::function<void(const ExecAction&)> execute;
    std::function<void()> drop_old_program;
  };
  void SetPrograms(Programs programs) { programs_ = std::move(programs); }
  // As long as there is a program to go back to, workers are offered no newer version of their
  // protocol than that one speaks.
  void SetNewestProtocol(std::uint32_t protocol);
  // The worker program that an upgrade has named: it is this file, whatever its path leads to now.
  void SetNamedWorker(std::shared_ptr<const WorkerProgram> program) {
    deployments_->SetOpened(std::move(program));
  }
  // The version of the program, or why it could not take over.
  void OnProgramTried(std::uint64_t upgrade, const absl::StatusOr<std::string>& version);
  bool WantsExec() const { return core_.upgrade().is_executing(); }
  void OnExecFailed(const absl::Status& status) { Handle(ExecFailedEvent{status}); }
  // Before Begin, which has the core hear it first: this is the program that was to be executed, or
  // the one before, which has come back, since the other did not get so far.
  void OnUpgraded() { outcome_ = UpgradedEvent{}; }
  void OnUpgradeUndone(const std::string& reason) { outcome_ = UpgradeUndoneEvent{reason}; }
  // The last one.
  const UpgradeRecord& upgrade() const { return core_.upgrade().record(); }
  // Called once, as soon as no upgrade is under way any more.
  void AwaitUpgrade(std::function<void()> is_over) { upgrade_is_over_ = std::move(is_over); }

  // For what has to be looked at beside the loop. Not used when the loop has stopped.
  void SetInquiries(Inquiries* inquiries) { hung_watch_.SetInquiries(inquiries); }

  // ---- For another program in this process (supervisor_state.cc) ----

  // All that another program needs to go on with the workers, zones, listeners and configurations,
  // beside the log, the pid file and the events, which are their owners'.
  struct Saved {
    state::v1::CoreState core;
    state::v1::DeploymentState deployment;
    state::v1::SharedZoneState zone;
    state::v1::SupervisorState rest;
  };
  // kBeforeUpgrade: without the generations that came with the last upgrade, or later, but the one
  // that serves. The program before may not know all of their configurations.
  enum class History { kWhole, kBeforeUpgrade };
  // At a quiet point (SupervisorCore::CheckQuiet), which the caller knows of; what is under way at
  // another one is not in it, or FailedPrecondition. Changes nothing. Unavailable: a program is
  // just being started. Who waits for an answer does so in this program only.
  absl::StatusOr<Saved> Save(DescriptorKeep& keep, History history = History::kWhole) const;
  // Takes over there. Until Begin it has no effect outside of the process, whatever the loop runs:
  // it reports what was so then, and events and requests wait. The error has the field. The rest is
  // as in Create.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Restore(loop::EventLoop& loop, Log& log,
                                                             EventRing& events, PidFile& pid_file,
                                                             const Saved& saved,
                                                             DescriptorInheritance& inheritance);
  // After Restore, and DescriptorInheritance::Settle. Error: the loop cannot watch them all.
  // Nothing was received by then.
  absl::Status Watch();
  // After Watch, when there is no way back to the program before by itself. Goes on: workers that
  // have died meanwhile are known to be dead, and children are ended that are no workers.
  void Begin();

  // As Deployments::RestoreForMaster.
  absl::Status RestoreForMaster(ListenerSet& now) { return deployments_->RestoreForMaster(now); }

 private:
  Supervisor(loop::EventLoop& loop, Log& log, EventRing& events, PidFile& pid_file,
             worker::SharedZone zone, SupervisorCore core,
             std::shared_ptr<const HandoffEnds> handoff);
  absl::Status RestoreRest(const state::v1::SupervisorState& state,
                           DescriptorInheritance& inheritance, const LiveWorkers::ZoneTable& zones);
  // Whether core and processes are of one mind.
  absl::Status CheckWorkers() const;

  void BeginUpkeep();
  // Leaves the listeners and zones of the generation that serves with the service manager.
  void StoreDescriptors();
  // Lets the core decide and performs it, then the same with what came of it. Before Begin the
  // events wait.
  void Handle(Event event);
  void HandleEvents();
  void Do(const SpawnAction& action);
  void Do(const SendAction& action);
  void Do(const SignalAction& action);
  void Do(const ReleaseSlotAction& action);
  void Do(const LoadAction& action);
  void Do(const LoadAgainAction& action);
  void Do(const AbandonLoadAction& action);
  void Do(const ListenAction& action);
  void Do(const CommitAction& action);
  void Do(const RollBackAction& action);
  void Do(const CloseListenersAction& action);
  void Do(const CountClosedAction& action);
  void Do(const ReplyAction& action);
  void Do(const LogAction& action);
  void Do(const NotifyAction& action);
  void Do(const ExitAction& action);
  void Do(const ReleaseAction& action);
  void Do(const ForgetAction& action);
  void Do(const TryProgramAction& action);
  void Do(const AbandonProgramAction& action);
  void Do(const ExecAction& action);
  void Do(const DropOldProgramAction& action);

  void OnWorker(Event event);
  // --single: the end of the worker is that of the master.
  void EndWith(const ExitedEvent& event);
  // Of the generation that serves, or of the one that is being started.
  const Deployment& DeploymentOf(std::uint64_t generation) const;
  // Those of the worker that has the slot.
  OpenedLogs OpenLogsAgain(std::uint32_t slot);
  void OnLoaded(LoadId load, const absl::Status& status);
  // Gives the event a number if somebody waits.
  template <typename OrderEvent>
  RequestId Order(OrderEvent event, Reply reply);
  void CloseWhatNobodyTakes();
  // What ZoneUpkeep leaves to it.
  void RestoreZones();
  std::string NameOf(std::uint32_t slot) const;
  // Beside the log.
  void TellEvent(admin::v1::Event::Kind kind, Severity severity, std::string text);
  // For those who follow, and for those who look into the zone.
  void AddEvent(admin::v1::Event event);
  void OnPulse(std::uint32_t slot, std::optional<Duration> hung_for);
  std::optional<HungWatch::Subject> LookAtHung(std::uint32_t slot) const;

  loop::EventLoop& loop_;
  Log& log_;
  LogOpener log_opener_;
  EventRing& event_ring_;
  PidFile& pid_file_;
  worker::SharedZone zone_;
  ZoneEvents zone_events_;
  SupervisorCore core_;
  ServiceNotifier notifier_;
  DescriptorStore store_;
  loop::Timer tick_;
  LiveWorkers workers_;
  Reporter reporter_;
  HungWatch hung_watch_;
  // Once it has begun.
  std::optional<LogUpkeep> log_upkeep_;
  std::optional<ZoneUpkeep> zone_upkeep_;
  std::optional<ListenerWatch> listener_watch_;
  KeepAdmin keep_admin_;
  Programs programs_;
  std::optional<ExecAction> exec_;  // when all events are handled
  std::function<void()> upgrade_is_over_;

  bool has_begun_ = false;
  bool is_handling_ = false;
  std::deque<Event> events_;  // to handle next

  std::map<RequestId, Reply> waiting_;
  std::map<RequestId, CalledConfig> brought_;  // until it is loaded
  ReadyFd ready_;
  RequestId last_request_ = 0;
  std::uint64_t closed_in_handoff_ = 0;  // connections that no worker was left for
  std::uint64_t closed_before_ = 0;      // those when a pause or the end began
  int exit_code_ = 1;
  std::optional<int> workers_exit_;  // --single: as a shell tells it
  // Of a supervisor that was restored, until it begins.
  std::optional<Event> outcome_;
  TimePoint next_zone_warning_{};
  std::vector<std::string> unreachable_;
  std::unique_ptr<Deployments> deployments_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SUPERVISOR_H_
