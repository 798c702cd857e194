#include "muster/master/decide/supervisor_core.h"

#include <cstddef>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/crash_policy.h"
#include "muster/master/decide/generation_limit.h"
#include "muster/master/decide/reason.h"
#include "muster/master/decide/scaling.h"
#include "muster/proto/counted.h"

namespace muster::master {
namespace {

std::string Workers(std::uint64_t count) { return config::Counted(count, "worker"); }

}  // namespace

std::vector<Action> SupervisorCore::Handle(const Event& event, TimePoint now) {
  decision_ = Decision(now, decision_.last_token());
  std::visit([this](const auto& which) { On(which); }, event);
  reopens_.AnswerEnded(decision_);
  AnswerIfChangedOver();
  drains_.AnswerEnded(decision_);
  workers_.Sweep();
  EndIfAllGaveUp();
  EndIfNobodyIsLeft();
  return decision_.TakeActions();
}

std::optional<TimePoint> SupervisorCore::next_deadline() const {
  std::optional<TimePoint> next;
  for (const std::optional<TimePoint>& deadline :
       {workers_.next_deadline(), reopens_.next_deadline(), attempts_.next_deadline(),
        changeover_.deadline()}) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

MasterState SupervisorCore::state() const {
  if (ending_.has_begun()) return MasterState::kStopping;
  if (attempts_.is_start()) return MasterState::kStarting;
  if (attempts_.is_under_way()) return MasterState::kReloading;
  return pause_.is_on() ? MasterState::kPaused : MasterState::kRunning;
}

bool SupervisorCore::IsServing() const {
  return serving_ != 0 && !pause_.is_on() && !ending_.has_begun();
}

bool SupervisorCore::IsOfAttempt(const WorkerRecord& worker) const {
  return worker.generation == attempts_.generation();
}

// ---- Generations ----

void SupervisorCore::On(const StartEvent& event) {
  attempts_.Start(decision_.now());
  BeginGeneration(event.settings);
}

void SupervisorCore::On(const ReloadEvent& event) {
  if (ending_.has_begun()) {
    ReloadAttempts::Refuse(event.request, absl::FailedPreconditionError("the master is stopping"),
                           decision_);
  } else {
    attempts_.Ask(event, decision_);
  }
}

void SupervisorCore::On(const LoadedEvent& event) {
  if (attempts_.awaits(event.load)) {
    BeginGeneration(event.settings);
  } else {
    decision_.Do(RollBackAction{event.load});  // nobody wants it any more
  }
}

void SupervisorCore::On(const LoadRefusedEvent& event) {
  if (attempts_.awaits(event.load)) FailAttempt(event.reason);
}

void SupervisorCore::BeginGeneration(const Settings& settings) {
  const std::uint64_t generation = attempts_.BeginGeneration(settings);
  if (workers_.free_slots() < settings.workers) {
    FailAttempt(absl::ResourceExhaustedError(absl::StrCat(
        Workers(settings.workers), " wanted, ", config::Counted(workers_.free_slots(), "slot"),
        " free; draining workers hold the others")));
    return;
  }
  for (std::uint32_t index = 0; index < settings.workers; ++index) {
    LifeOf(*workers_.Take(generation, index, settings)).Start();
  }
}

void SupervisorCore::Commit() {
  serving_ = attempts_.generation();
  settings_ = attempts_.settings();
  pause_.End(absl::FailedPreconditionError(
                 absl::StrCat("generation ", serving_, " serves before the pause was complete")),
             decision_);
  decision_.Do(CommitAction{serving_});
  decision_.TellOfAttempt(
      Topic::kGenerationServes, Severity::kInfo,
      absl::StrCat("generation ", serving_, " is ready: ", Workers(wanted_workers())),
      attempts_.load(), serving_);
  // First: who drains looks for somebody who takes its connections.
  for (auto& [slot, worker] : workers_.records()) {
    if (worker.generation == serving_) LifeOf(worker).Apply(WorkerEvent::kServe);
  }
  for (auto& [slot, worker] : workers_.records()) {
    if (worker.generation != serving_) LifeOf(worker).End(WorkerEvent::kDrain);
  }
  const std::set<std::uint64_t> ended =
      EndSurplusGenerations(serving_, settings_.max_generations, workers_, decision_);
  const bool is_start = attempts_.is_start();
  attempts_.Commit(decision_.now());
  drains_.Begin(workers_, serving_);
  if (is_start) {
    AwaitDrained(attempts_.Succeed({}, decision_));  // nobody waits, and nobody drains
  } else {
    changeover_.Begin(workers_, serving_, ended, settings_.drain_ack_timeout, decision_.now());
  }
}

void SupervisorCore::AnswerIfChangedOver() {
  if (!attempts_.is_committed() || !changeover_.is_over()) return;
  AwaitDrained(attempts_.Succeed(changeover_.End(decision_), decision_));
}

void SupervisorCore::AwaitDrained(ReloadAttempts::Answered answered) {
  drains_.Await(answered.generation, std::move(answered.outcome), answered.until_drained);
}

void SupervisorCore::FailAttempt(const absl::Status& reason) {
  const bool is_start = attempts_.is_start();
  UndoGeneration();
  attempts_.Fail(reason, WhatServes(), decision_);
  if (!is_start) return;
  Log(Severity::kError, WithReason("cannot start", reason.message()));
  BeginEnding(Ending::Kind::kFast, 1);
}

void SupervisorCore::CancelReloads(const absl::Status& reason) {
  if (attempts_.is_committed()) {
    changeover_.Interrupt(reason.message());
    AwaitDrained(attempts_.Answer(changeover_.End(decision_), decision_));
  }
  UndoGeneration();
  attempts_.Cancel(reason, decision_);
}

void SupervisorCore::UndoGeneration() {
  if (attempts_.generation() == 0) return;
  decision_.Do(RollBackAction{attempts_.load()});
  for (auto& [slot, worker] : workers_.records()) {
    if (!IsOfAttempt(worker)) continue;
    worker.is_undone = true;
    // An older worker has accepted connections since it was ready.
    const bool serves = worker.state == WorkerState::kReady && !worker.SpeaksOfServing();
    LifeOf(worker).End(serves ? WorkerEvent::kDrain : WorkerEvent::kStop);
  }
}

std::string SupervisorCore::HowFar() const {
  if (attempts_.is_loading()) return "while its configuration was being loaded";
  std::vector<const WorkerRecord*> late;
  for (const auto& [slot, worker] : workers_.records()) {
    if (IsOfAttempt(worker) && worker.state != WorkerState::kReady) late.push_back(&worker);
  }
  if (late.empty()) return "before it was committed";
  const std::size_t others = late.size() - 1;
  return absl::StrCat("before ", late.front()->Name(),
                      others == 0 ? " was" : absl::StrCat(" and ", others, " more were"), " ready");
}

std::string SupervisorCore::WhatServes() const {
  if (pause_.is_on()) return ", the master stays paused";
  if (workers_.AnyIs(WorkerState::kServing, serving_)) {
    return absl::StrCat(", generation ", serving_, " goes on serving");
  }
  return absl::StrCat(", generation ", serving_, " stays, but none of its workers serves now");
}

// ---- What workers do ----

void SupervisorCore::On(const SpawnedEvent& event) {
  if (WorkerRecord* worker = workers_.Find(event.slot)) {
    worker->pid = event.pid;
    decision_.Tell(Topic::kWorkerStarted, Severity::kDebug,
                   absl::StrCat(worker->Name(), " was started in slot ", worker->slot), *worker);
  }
}

void SupervisorCore::On(const SpawnFailedEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  if (!worker || !HasProcess(worker->state)) return;
  drains_.Forget(event.slot);
  worker->last_exit = absl::StrCat("could not be started: ", event.reason);
  worker->last_end = "not started";
  if (!worker->is_wanted) {
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
  } else if (IsOfAttempt(*worker)) {
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(absl::StrCat(worker->Name(), " ", worker->last_exit)));
  } else {
    CrashPolicy::OnFailedSpawn(*worker, decision_);
  }
}

void SupervisorCore::On(const ReadyEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  if (!worker || worker->state != WorkerState::kStarting) return;
  worker->ready = decision_.now();
  worker->protocol = event.protocol;
  LifeOf(*worker).Apply(WorkerEvent::kReady);
  // Of those of a new generation the log tells when all are.
  decision_.Tell(Topic::kWorkerReady, IsOfAttempt(*worker) ? Severity::kDebug : Severity::kInfo,
                 absl::StrCat(worker->Name(), " is ready"), *worker);
  if (!IsOfAttempt(*worker)) {
    LifeOf(*worker).Apply(WorkerEvent::kServe);
  } else if (workers_.AllAre(WorkerState::kReady, attempts_.generation())) {
    decision_.Do(ListenAction{attempts_.generation()});
  }
}

void SupervisorCore::On(const ListeningEvent& event) {
  if (event.generation != attempts_.generation()) return;
  if (workers_.AllAre(WorkerState::kReady, attempts_.generation())) Commit();
  for (auto& [slot, worker] : workers_.records()) {
    if (!IsOfAttempt(worker) || worker.state != WorkerState::kBackoff) continue;
    worker.has_listeners = true;
    LifeOf(worker).Apply(WorkerEvent::kRetry);
  }
}

void SupervisorCore::On(const ListenRefusedEvent& event) {
  if (event.generation == attempts_.generation()) FailAttempt(event.reason);
}

void SupervisorCore::On(const FailedEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  if (!worker) return;
  worker->complaint = std::string(event.reason.message());
  worker->protocol = event.protocol;
}

void SupervisorCore::StartOnceListening(WorkerRecord& worker) {
  Log(Severity::kWarning,
      absl::StrCat(worker.Name(), " ", worker.last_exit,
                   "; its program speaks an older version of the protocol: it is started again "
                   "when its listeners listen, before the reload is committed"));
  LifeOf(worker).Apply(WorkerEvent::kEndedRetry);
  decision_.Do(ListenAction{attempts_.generation()});
}

void SupervisorCore::On(const ExitedEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  if (!worker || !HasProcess(worker->state)) return;
  reopens_.Forget(event.slot);
  worker->last_exit = worker->HowItEnded(event.exit);
  worker->last_end = WorkerRecord::HowItEndedInAWord(event.exit);
  worker->last_circumstances = worker->Circumstances(event);
  changeover_.OnExit(*worker, event);
  drains_.OnExit(*worker, event);
  if (!worker->is_wanted) {
    ending_.CountWorker(event, worker->was_killed);
    pause_.CountWorker(event, worker->was_killed);
    const bool is_clean = !event.exit.was_killed && event.exit.code == 0;
    // Why a generation failed was logged. How its other workers end is no news.
    decision_.Tell(Topic::kWorkerExited,
                   worker->is_undone ? Severity::kDebug
                   : is_clean        ? Severity::kInfo
                                     : Severity::kWarning,
                   absl::StrCat(worker->Name(), " ", worker->last_exit, worker->last_circumstances),
                   *worker);
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
  } else if (IsOfAttempt(*worker) && worker->WantsListenersFirst()) {
    StartOnceListening(*worker);
  } else if (IsOfAttempt(*worker)) {
    const std::string why = worker->WhyNotReady(event.exit);
    // The log tells why the generation fails.
    decision_.Tell(Topic::kWorkerExited, Severity::kDebug, why, *worker);
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(why));
  } else {
    ++crashes_;
    CrashPolicy(settings_.crash_loop_limit).OnCrash(*worker, event.exit, decision_);
  }
}

void SupervisorCore::On(const HungEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  // One that is told to end at once has a deadline for that.
  if (!worker || worker->pid != event.pid || !worker->ready || !HasProcess(worker->state) ||
      worker->state == WorkerState::kStopping) {
    return;
  }
  LifeOf(*worker).OnHung(event);
}

void SupervisorCore::On(const WokeEvent& event) {
  WorkerRecord* worker = workers_.Find(event.slot);
  if (worker && worker->pid == event.pid && HasProcess(worker->state)) LifeOf(*worker).OnWoke();
}

void SupervisorCore::On(const TickEvent&) {
  for (auto& [slot, worker] : workers_.records()) {
    if (!worker.deadline || *worker.deadline > decision_.now()) continue;
    if (IsOfAttempt(worker) && worker.state == WorkerState::kStarting) {
      const std::string& place = attempts_.settings().ready_timeout_place;
      const std::string why =
          absl::StrCat(place, place.empty() ? "" : ": ", LifeOf(worker).WhyOverdue());
      LifeOf(worker).Apply(WorkerEvent::kOverdue);
      FailAttempt(absl::AbortedError(why));
    } else {
      LifeOf(worker).OnDeadline();
    }
  }
  reopens_.Expire(decision_.now());
  attempts_.Expire(decision_);
  changeover_.Expire(decision_.now());
}

// ---- What the operator asks for ----

void SupervisorCore::On(const ReopenEvent& event) {
  std::map<std::uint32_t, std::string> asked;
  const std::uint32_t token = decision_.NewToken();
  for (const auto& [slot, worker] : workers_.records()) {
    if (!HasProcess(worker.state) || worker.state == WorkerState::kStopping) continue;
    asked[slot] = worker.Name();
    decision_.Do(SendAction{slot, worker::Command::kReopen, token});
  }
  reopens_.Begin(token, event.request, std::move(asked), event.own_log, decision_.now());
}

void SupervisorCore::On(const AckedEvent& event) {
  reopens_.Acknowledge(event.token, event.slot, event.error);
  WorkerRecord* worker = workers_.Find(event.slot);
  if (!worker || event.token == 0 || worker->unacknowledged != event.token) return;
  worker->unacknowledged = 0;
  if (changeover_.Acknowledge(event) || event.error.empty()) return;
  Log(Severity::kError, absl::StrCat(worker->Name(), ": ", event.error));
}

void SupervisorCore::On(const PauseEvent& event) {
  if (serving_ == 0 || ending_.has_begun()) {
    const absl::string_view why =
        serving_ == 0 ? "nothing serves that could be paused" : "the master is stopping";
    Log(Severity::kWarning, absl::StrCat("pause refused: ", why));
    decision_.Reply(event.request, {.status = absl::FailedPreconditionError(why)});
    return;
  }
  if (event.request != 0) pause_.Await(event.request);
  const bool is_resuming = pause_.is_on() && attempts_.is_under_way();
  if (pause_.is_on() && !is_resuming) return;
  Log(Severity::kInfo,
      "pausing: the workers finish and exit, the listeners stay; ctl resume or a reload serves "
      "again");
  if (!pause_.is_on()) {
    pause_.Begin();
    decision_.Do(CountClosedAction{});
  }
  CancelReloads(absl::FailedPreconditionError("the master was paused"));
  EndAll(WorkerEvent::kQuit);
  decision_.Do(NotifyAction{NotifyAction::What::kReady});
}

void SupervisorCore::On(const ResumeEvent& event) {
  const absl::string_view why = ending_.has_begun() ? "the master is stopping"
                                : !pause_.is_on()   ? "the master is not paused"
                                : attempts_.is_under_way()
                                    ? "a reload or another resume is under way"
                                    : "";
  if (why.empty()) {
    attempts_.Resume(event.request, decision_);
  } else {
    decision_.Reply(
        event.request,
        {.status = absl::FailedPreconditionError(absl::StrCat("resume refused: ", why))});
  }
}

void SupervisorCore::On(const ScaleEvent& event) {
  if (!IsServing()) {
    Log(Severity::kWarning, "the number of workers cannot change: nothing serves");
  } else if (!settings_.can_scale) {
    Log(Severity::kWarning,
        "the number of workers cannot change: with accept: REUSEPORT only a reload changes it");
  } else if (event.by > 0) {
    AddWorker(serving_, settings_, workers_, decision_);
  } else if (event.by < 0) {
    RemoveWorker(serving_, workers_, decision_);
  }
}

void SupervisorCore::On(const WithdrawEvent& event) {
  using Wait = ReloadAttempts::Wait;
  if (drains_.Leave(event.request, event.why, decision_)) return;
  const Wait wait = attempts_.HowWaits(event.request);
  if (wait == Wait::kNot) return;
  if (wait == Wait::kForNext) {
    attempts_.Leave(event.request,
                    {.status = absl::AbortedError(absl::StrCat("reload refused", WhatServes(), ": ",
                                                               event.why, " before it began"))},
                    decision_);
  } else if (attempts_.is_committed()) {
    attempts_.Leave(event.request, changeover_.SoFar(event.why), decision_);
  } else if (wait == Wait::kWithOthers) {
    attempts_.Leave(event.request,
                    {.status = absl::CancelledError(absl::StrCat(
                         "the reload goes on, since others wait for it, too: ", event.why))},
                    decision_);
  } else {
    const std::string why = absl::StrCat(event.why, " ", HowFar());
    if (attempts_.is_loading()) decision_.Do(AbandonLoadAction{attempts_.load()});
    FailAttempt(absl::AbortedError(why));
  }
}

void SupervisorCore::On(const QuitEvent& event) {
  if (!ending_.Await(event.request, decision_)) return;
  BeginEnding(Ending::Kind::kGraceful, ending_.exit_code());
}

void SupervisorCore::On(const StopEvent& event) {
  if (!ending_.Await(event.request, decision_)) return;
  BeginEnding(Ending::Kind::kFast, ending_.exit_code());
}

// ---- The end ----

void SupervisorCore::BeginEnding(Ending::Kind kind, int exit_code) {
  const bool is_first = !ending_.has_begun();
  if (!ending_.Begin(kind, exit_code)) return;
  if (is_first) {
    CancelReloads(absl::FailedPreconditionError("the master is stopping"));
    pause_.End(absl::FailedPreconditionError("the master is stopping"), decision_);
    decision_.Do(CountClosedAction{});
    decision_.Do(CloseListenersAction{});
    decision_.Do(NotifyAction{NotifyAction::What::kStopping});
  }
  const bool is_fast = kind == Ending::Kind::kFast;
  Log(Severity::kInfo, is_fast ? "stopping" : "quitting: the workers finish what they serve");
  EndAll(is_fast ? WorkerEvent::kStop : WorkerEvent::kQuit);
}

void SupervisorCore::EndAll(WorkerEvent how) {
  for (auto& [slot, worker] : workers_.records()) LifeOf(worker).End(how);
}

void SupervisorCore::EndIfAllGaveUp() {
  if (!IsServing() || attempts_.is_under_way()) return;
  if (!workers_.AllAre(WorkerState::kGaveUp, serving_)) return;
  Log(Severity::kError, "the last worker has given up; nobody serves");
  BeginEnding(Ending::Kind::kGraceful, 1);
}

void SupervisorCore::EndIfNobodyIsLeft() {
  workers_.Sweep();
  if (workers_.has_processes()) return;
  pause_.Complete(decision_);
  ending_.Finish(decision_);
}

}  // namespace muster::master
