#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/reopen_rounds.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_lifecycle.h"

namespace muster::master {

enum class MasterState { kStarting, kRunning, kReloading, kStopping, kPaused };

// Decides all that a master does with its workers: an event and the time in, actions out. It
// makes no system call and reads no clock, so it can be driven through anything. The rules
// are in docs/SUPERVISION.md. One thread.
class SupervisorCore {
 public:
  // Within this time after it became ready, a worker's end counts as one of a crash loop.
  static constexpr Duration kEarlyEnd = std::chrono::seconds(1);
  static constexpr std::uint32_t kMostWorkers = 256;

  // `slots`: of the shared zone; every live process of any generation has one for itself.
  explicit SupervisorCore(std::uint32_t slots) : table_(slots) {}

  std::vector<Action> Handle(const Event& event, TimePoint now);

  // When to handle a TickEvent, at the latest.
  std::optional<TimePoint> next_deadline() const;

  MasterState state() const;
  std::uint64_t generation() const { return serving_; }  // that serves; zero: none yet
  std::uint32_t wanted_workers() const;                  // in it
  const std::map<std::uint32_t, WorkerRecord>& workers() const { return table_.records(); }
  const std::string& last_reload_error() const { return last_reload_error_; }
  std::uint64_t reloads() const { return reloads_; }
  std::uint64_t reloads_refused() const { return reloads_refused_; }
  std::uint64_t crashes() const { return crashes_; }

 private:
  // A generation on its way: the first one, or a reload.
  struct Attempt {
    bool is_first = false;
    std::vector<RequestId> waiting{};
    TimePoint began{};
    std::uint64_t generation = 0;  // zero: its configuration is being loaded
  };
  enum class Ending { kNo, kGraceful, kFast };

  void On(const StartEvent& event);
  void On(const SpawnedEvent& event);
  void On(const SpawnFailedEvent& event);
  void On(const LoadedEvent& event);
  void On(const LoadRefusedEvent& event);
  void On(const ReadyEvent& event);
  void On(const FailedEvent& event);
  void On(const AckedEvent& event);
  void On(const ExitedEvent& event);
  void On(const TickEvent& event);
  void On(const ReloadEvent& event);
  void On(const ReopenEvent& event);
  void On(const QuitEvent& event);
  void On(const StopEvent& event);
  void On(const PauseEvent& event);
  void On(const ScaleEvent& event);

  void BeginReload(std::vector<RequestId> waiting);
  void BeginGeneration(const Settings& settings);
  void Commit();
  // Ends what the attempt started and tells `reason` to whoever waits.
  void FailAttempt(const absl::Status& reason);
  // Ends what the attempt started, and the attempt. Those who wait for it.
  std::vector<RequestId> DropAttempt();
  // Every reload that does not happen is told here, once.
  void Refuse(const std::vector<RequestId>& waiting, absl::string_view what_serves,
              const absl::Status& reason);
  // ", generation 4 goes on serving": what whoever asked for a reload in vain wants to know most.
  std::string WhatServes() const;
  void BeginPendingReload();
  // For those who wait for it and for those who would be next.
  void CancelReloads(const absl::Status& reason);
  void EndSurplusGenerations();
  bool IsOfAttempt(const WorkerRecord& worker) const;

  void OnCrash(WorkerRecord& worker, const std::string& how, bool is_hopeless);
  void OnOverdue(WorkerRecord& worker);
  void AddWorker();
  void RemoveWorker();

  void BeginEnding(Ending how, int exit_code);
  void EndIfNobodyIsLeft();
  void EndIfAllGaveUp();

  void Do(Action action) { actions_.push_back(std::move(action)); }
  void Log(Severity severity, std::string text) { Do(LogAction{severity, std::move(text)}); }
  void Reply(RequestId request, Outcome outcome);
  void Apply(WorkerRecord& worker, WorkerEvent event) {
    WorkerLifecycle::Apply(worker, event, now_, &actions_);
  }
  void End(WorkerRecord& worker, WorkerEvent how) {
    WorkerLifecycle::End(worker, how, now_, &actions_);
  }

  // During Handle.
  TimePoint now_{};
  std::vector<Action> actions_;

  WorkerLifecycle table_;
  ReopenRounds reopens_;
  std::uint32_t last_token_ = 0;

  std::uint64_t last_generation_ = 0;
  std::uint64_t serving_ = 0;
  Settings settings_;       // of the generation that serves
  Settings next_settings_;  // of the attempt
  std::optional<Attempt> attempt_;
  // Came during an attempt; together they are one more reload. Zeros among them are signals.
  std::vector<RequestId> pending_;
  bool is_paused_ = false;

  Ending ending_ = Ending::kNo;
  bool has_exited_ = false;
  int exit_code_ = 0;
  std::vector<RequestId> waiting_for_end_;
  std::uint32_t exited_ = 0;  // since the ending began
  std::uint32_t killed_ = 0;

  std::string last_reload_error_;
  std::uint64_t reloads_ = 0;
  std::uint64_t reloads_refused_ = 0;
  std::uint64_t crashes_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_CORE_H_
