#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/changeover.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/crash_policy.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/drain_watch.h"
#include "muster/master/decide/ending.h"
#include "muster/master/decide/generations.h"
#include "muster/master/decide/pause.h"
#include "muster/master/decide/reload_attempts.h"
#include "muster/master/decide/reopen_rounds.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/trial.h"
#include "muster/master/decide/upgrade.h"
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/master/decide/worker_orders.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

enum class MasterState { kStarting, kRunning, kReloading, kStopping, kPaused };

// Decides all that a master does with its workers: it takes an event and the time, and returns
// actions. It makes no system call and reads no clock (symbols_test), so tests can drive it through
// anything. The rules are in docs/SUPERVISION.md. One thread.
//
// The core dispatches events and has the rules that concern several generations. Its parts decide
// the rest: WorkerLifecycle, CrashPolicy, ReloadAttempts, Changeover, DrainWatch, Generations,
// Trial, Upgrade, WorkerOrders, Ending, ReopenRounds, scaling.h and generation_limit.h. Its
// functions are in five files: what the operator asks for is in supervisor_requests.cc, what
// becomes of generations in supervisor_generations.cc, what of an upgrade in supervisor_upgrade.cc,
// and how it is saved and restored in supervisor_state.cc.
class SupervisorCore {
 public:
  // `slots`: of the shared zone. Each live process of any generation has one to itself.
  explicit SupervisorCore(std::uint32_t slots) : workers_(std::make_unique<WorkerSlots>(slots)) {}

  std::vector<Action> Handle(const Event& event, TimePoint now);

  // OK at a quiet point: between two calls of Handle, when no reload or other attempt, no order
  // about workers, no pause that is not complete, no reopening of logs and no end is under way, no
  // process is being started, no dropped listener comes to its end, and nobody waits for an answer.
  // A master that is paused is quiet then, and so is one in which workers crash, drain or are
  // started again, or in which an upgrade is under way. FailedPrecondition: "a reload is under
  // way".
  absl::Status CheckQuiet() const;
  // All that decides what the core does from a quiet point on. At another one, what is under way is
  // not in it.
  state::v1::CoreState Save() const;
  // The core that was saved, in a zone with so many slots. It goes on as if nothing had been, with
  // UpgradedEvent or UpgradeUndoneEvent if the state was saved for an ExecAction. InvalidArgument
  // names the field that is missing, unknown or out of bounds: "core.worker[3].state: ...". The
  // processes are the caller's matter: that those with a pid are its children.
  static absl::StatusOr<SupervisorCore> Restore(const state::v1::CoreState& state,
                                                std::uint32_t slots);

  // The latest time for the next TickEvent.
  std::optional<TimePoint> next_deadline() const;

  MasterState state() const;
  // The one that serves. Zero: none yet.
  std::uint64_t generation() const { return serving_; }
  // Of that generation.
  std::uint32_t wanted_workers() const { return workers_->wanted(serving_); }
  // Of all generations, by slot.
  const std::map<std::uint32_t, WorkerRecord>& workers() const { return workers_->records(); }
  const std::string& last_reload_error() const { return attempts_.last_error(); }
  std::uint64_t reloads() const { return attempts_.succeeded(); }
  std::uint64_t reloads_refused() const { return attempts_.refused(); }
  std::uint64_t crashes() const { return crashes_; }
  const Generations& generations() const { return generations_; }
  const Trial& trial() const { return trial_; }
  std::uint64_t trials_failed() const { return trials_failed_; }
  const Upgrade& upgrade() const { return upgrade_; }

 private:
  void On(const StartEvent& event);
  void On(const SpawnedEvent& event);
  void On(const SpawnFailedEvent& event);
  void On(const LoadedEvent& event);
  void On(const LoadRefusedEvent& event);
  void On(const ListeningEvent& event);
  void On(const ListenRefusedEvent& event);
  void On(const ReadyEvent& event);
  void On(const FailedEvent& event);
  void On(const AckedEvent& event);
  void On(const ExitedEvent& event);
  void On(const HungEvent& event);
  void On(const WokeEvent& event);
  void On(const RetirementEvent& event) { is_retiring_ = event.is_under_way; }
  void On(const TickEvent& event);
  void On(const ReloadEvent& event);
  void On(const ReopenEvent& event);
  void On(const QuitEvent& event);
  void On(const StopEvent& event);
  void On(const PauseEvent& event);
  void On(const ResumeEvent& event);
  void On(const ScaleEvent& event);
  void On(const WithdrawEvent& event);
  void On(const RollbackEvent& event);
  void On(const WorkerOrderEvent& event);
  void On(const UpgradeEvent& event);
  void On(const ProgramTriedEvent& event);
  void On(const ExecFailedEvent& event);
  void On(const UpgradedEvent& event);
  void On(const UpgradeUndoneEvent& event);

  void BeginGeneration(const Settings& settings);
  void Commit();
  // Answers the reload that is committed, if all have acknowledged that.
  void AnswerIfChangedOver();
  // Those who wait until the old workers have ended go on to wait for that.
  void AwaitDrained(ReloadAttempts::Answered answered);
  // Starts a worker of the attempt again that wants its listeners to listen before it is ready.
  void StartOnceListening(WorkerRecord& worker);
  // Undoes the attempt's generation and answers `reason`.
  void FailAttempt(const absl::Status& reason);
  // Answers `reason` to those who wait for the attempt, and for the next one.
  void CancelReloads(const absl::Status& reason);
  // Drops what was loaded for the attempt, and ends its workers.
  void UndoGeneration();
  // What the attempt waits for: "before worker 0 of generation 2 (pid 4711) was ready".
  std::string HowFar() const;
  // ", generation 4 goes on serving": part of the answer to a refused reload.
  std::string WhatServes() const;
  bool IsOfAttempt(const WorkerRecord& worker) const;
  // The generation that is committed now, for the history and its trial.
  void Remember(std::uint64_t before);
  // The one that serves now, after `before`, if it is to be on trial.
  void BeginTrial(std::uint64_t before);
  // Goes back to the generation before if the trial has failed.
  void GoBackIfTrialFailed();
  // Neither started, nor paused, nor ending.
  bool IsServing() const;

  // "a reload is under way". Empty: nothing is that another program could not go on with. But there
  // may be dropped listeners, for which an exec waits, and what leads to it does not.
  std::string WhatIsUnderWay() const;
  // Why the upgrade that is asked for cannot be. Empty: it can.
  std::string WhyNoUpgrade() const;
  std::string WhyNoUndo() const;
  // The trial that is on leads back to before the upgrade.
  bool IsTrialOfUpgrade() const;
  // `by`: who asked; empty: the master itself.
  void UndoUpgrade(RequestId request, const std::string& why, const std::string& by);
  // Has a program executed if the moment for that is there; begins what had to wait for an upgrade.
  void GoOnWithUpgrade();

  // Asks the worker to open its logs again, or has it asked as soon as it is ready and has answered
  // an earlier request. Returns what is in the way, as ReopenRounds::Asked.
  std::string AskToReopen(WorkerRecord& worker, std::uint32_t token);
  // It is ready now, or has answered a request: asks it for the next one.
  void GoOnReopening(WorkerRecord& worker);

  // A wanted worker of the generation that serves has no process any more.
  void OnCrash(WorkerRecord& worker, const ExitedEvent& event);
  // What the configuration in force says of such a worker.
  CrashPolicy CrashPolicyFor(const WorkerRecord& worker) const;
  // The order that had started the worker has failed by it: `why`.
  void DropFromProbation(WorkerRecord& worker, WorkerEvent how, const std::string& why);

  void BeginEnding(Ending::Kind kind, int exit_code);
  // While nobody serves or is being started, the worker whose pause ends first waits no longer than
  // the floor, if it has served.
  void HastenRestart();
  void EndIfAllGaveUp();
  void EndIfNobodyIsLeft();

  void Log(Severity severity, std::string text) { decision_.Log(severity, std::move(text)); }
  WorkerLifecycle LifeOf(WorkerRecord& worker) { return WorkerLifecycle(worker, decision_); }
  void EndAll(WorkerEvent how);

  Decision decision_{TimePoint()};  // on the event that is being handled

  // Stays where it is when the core is moved: orders_ refers to it.
  std::unique_ptr<WorkerSlots> workers_;
  ReloadAttempts attempts_;
  Changeover changeover_;  // of the attempt that is committed
  DrainWatch drains_;
  Generations generations_;
  Trial trial_;
  Upgrade upgrade_;
  WorkerOrders orders_{*workers_};
  ReopenRounds reopens_;
  Ending ending_;
  Pause pause_;

  std::uint64_t serving_ = 0;
  bool is_retiring_ = false;  // RetirementEvent
  Settings settings_;         // of the generation that serves
  std::uint64_t crashes_ = 0;
  std::uint64_t trials_failed_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
