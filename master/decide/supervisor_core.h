#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/master/decide/changeover.h"
#include "muster/master/decide/clock.h"
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
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/master/decide/worker_orders.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

enum class MasterState { kStarting, kRunning, kReloading, kStopping, kPaused };

// Decides all that a master does with its workers: it takes an event and the time, and returns
// actions. It makes no system call and reads no clock (symbols_test), so tests can drive it through
// anything. The rules are in docs/SUPERVISION.md. One thread.
//
// The core dispatches events and has the rules that concern several generations. Its parts decide
// the rest: WorkerLifecycle, CrashPolicy, ReloadAttempts, Changeover, DrainWatch, Generations,
// Trial, WorkerOrders, Ending, ReopenRounds, scaling.h and generation_limit.h. Its functions are in
// two files: what becomes of generations is in supervisor_generations.cc.
class SupervisorCore {
 public:
  // `slots`: of the shared zone. Each live process of any generation has one to itself.
  explicit SupervisorCore(std::uint32_t slots) : workers_(slots) {}

  std::vector<Action> Handle(const Event& event, TimePoint now);

  // The latest time for the next TickEvent.
  std::optional<TimePoint> next_deadline() const;

  MasterState state() const;
  // The one that serves. Zero: none yet.
  std::uint64_t generation() const { return serving_; }
  // Of that generation.
  std::uint32_t wanted_workers() const { return workers_.wanted(serving_); }
  // Of all generations, by slot.
  const std::map<std::uint32_t, WorkerRecord>& workers() const { return workers_.records(); }
  const std::string& last_reload_error() const { return attempts_.last_error(); }
  std::uint64_t reloads() const { return attempts_.succeeded(); }
  std::uint64_t reloads_refused() const { return attempts_.refused(); }
  std::uint64_t crashes() const { return crashes_; }
  const Generations& generations() const { return generations_; }
  const Trial& trial() const { return trial_; }
  std::uint64_t trials_failed() const { return trials_failed_; }

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
  // Goes back to the generation before if the trial has failed.
  void GoBackIfTrialFailed();
  // Neither started, nor paused, nor ending.
  bool IsServing() const;

  // A wanted worker of the generation that serves has no process any more.
  void OnCrash(WorkerRecord& worker, const ExitedEvent& event);
  // The order that had started the worker has failed by it: `why`.
  void DropFromProbation(WorkerRecord& worker, WorkerEvent how, const std::string& why);

  void BeginEnding(Ending::Kind kind, int exit_code);
  void EndIfAllGaveUp();
  void EndIfNobodyIsLeft();

  void Log(Severity severity, std::string text) { decision_.Log(severity, std::move(text)); }
  WorkerLifecycle LifeOf(WorkerRecord& worker) { return WorkerLifecycle(worker, decision_); }
  void EndAll(WorkerEvent how);

  Decision decision_{TimePoint()};  // on the event that is being handled

  WorkerSlots workers_;
  ReloadAttempts attempts_;
  Changeover changeover_;  // of the attempt that is committed
  DrainWatch drains_;
  Generations generations_;
  Trial trial_;
  WorkerOrders orders_{workers_};
  ReopenRounds reopens_;
  Ending ending_;
  Pause pause_;

  std::uint64_t serving_ = 0;
  Settings settings_;  // of the generation that serves
  std::uint64_t crashes_ = 0;
  std::uint64_t trials_failed_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
