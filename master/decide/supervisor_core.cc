#include "muster/master/decide/supervisor_core.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"

namespace muster::master {

std::vector<Action> SupervisorCore::Handle(const Event& event, TimePoint now) {
  decision_ = Decision(now, decision_.last_token());
  std::visit([this](const auto& which) { On(which); }, event);
  reopens_.AnswerEnded(decision_);
  AnswerIfChangedOver();
  drains_.AnswerEnded(decision_);
  workers_->Sweep();
  GoBackIfTrialFailed();
  HastenRestart();
  EndIfAllGaveUp();
  EndIfNobodyIsLeft();
  GoOnWithUpgrade();
  std::set<std::uint64_t> pinned = attempts_.copied();
  pinned.insert(trial_.previous());
  pinned.insert(upgrade_.way_back());
  generations_.Sweep(*workers_, pinned, decision_);
  return decision_.TakeActions();
}

std::optional<TimePoint> SupervisorCore::next_deadline() const {
  std::optional<TimePoint> next;
  for (const std::optional<TimePoint>& deadline :
       {workers_->next_deadline(), reopens_.next_deadline(), attempts_.next_deadline(),
        changeover_.deadline(), trial_.deadline(), orders_.next_deadline()}) {
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

// ---- What workers do ----

void SupervisorCore::On(const SpawnedEvent& event) {
  if (WorkerRecord* worker = workers_->Find(event.slot)) {
    worker->pid = event.pid;
    decision_.Tell(Topic::kWorkerStarted, Severity::kDebug,
                   absl::StrCat(worker->Name(), " was started in slot ", worker->slot), *worker);
  }
}

void SupervisorCore::On(const SpawnFailedEvent& event) {
  WorkerRecord* worker = workers_->Find(event.slot);
  if (!worker || !HasProcess(worker->state)) return;
  drains_.Forget(event.slot);
  worker->last_exit = absl::StrCat("could not be started: ", event.reason);
  worker->last_end = "not started";
  if (!worker->is_wanted) {
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
    const WorkerRecord ended = *worker;
    workers_->Sweep();
    orders_.OnEnded(ended, /*is_clean=*/false, decision_);
  } else if (IsOfAttempt(*worker)) {
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(absl::StrCat(worker->Name(), " ", worker->last_exit)));
  } else {
    const std::string why = absl::StrCat(worker->Name(), " ", worker->last_exit);
    if (worker->is_on_probation) {
      DropFromProbation(*worker, WorkerEvent::kEnded, why);
    } else {
      CrashPolicyFor(*worker).OnFailedSpawn(*worker, decision_);
      orders_.OnFailure(*worker, why, decision_);
    }
  }
}

void SupervisorCore::On(const ReadyEvent& event) {
  WorkerRecord* worker = workers_->Find(event.slot);
  if (!worker || worker->state != WorkerState::kStarting) return;
  worker->ready = decision_.now();
  worker->protocol = event.protocol;
  LifeOf(*worker).Apply(WorkerEvent::kReady);
  // Before it was ready its version of the protocol was not known.
  GoOnReopening(*worker);
  // Of those of a new generation the log tells when all are.
  decision_.Tell(Topic::kWorkerReady, IsOfAttempt(*worker) ? Severity::kDebug : Severity::kInfo,
                 absl::StrCat(worker->Name(), " is ready"), *worker);
  if (!IsOfAttempt(*worker)) {
    LifeOf(*worker).Apply(WorkerEvent::kServe);
    orders_.OnServing(*worker, decision_);
  } else if (workers_->AllAre(WorkerState::kReady, attempts_.generation())) {
    decision_.Do(ListenAction{attempts_.generation()});
  }
}

void SupervisorCore::On(const ListeningEvent& event) {
  if (event.generation != attempts_.generation()) return;
  if (workers_->AllAre(WorkerState::kReady, attempts_.generation())) Commit();
  for (auto& [slot, worker] : workers_->records()) {
    if (!IsOfAttempt(worker) || worker.state != WorkerState::kBackoff) continue;
    worker.has_listeners = true;
    LifeOf(worker).Apply(WorkerEvent::kRetry);
  }
}

void SupervisorCore::On(const ListenRefusedEvent& event) {
  if (event.generation == attempts_.generation()) FailAttempt(event.reason);
}

void SupervisorCore::On(const FailedEvent& event) {
  WorkerRecord* worker = workers_->Find(event.slot);
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
  WorkerRecord* worker = workers_->Find(event.slot);
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
    const WorkerRecord ended = *worker;
    workers_->Sweep();  // its slot is free for who comes in its place
    orders_.OnEnded(ended, is_clean, decision_);
  } else if (IsOfAttempt(*worker) && worker->WantsListenersFirst()) {
    StartOnceListening(*worker);
  } else if (IsOfAttempt(*worker)) {
    const std::string why = worker->WhyNotReady(event.exit);
    // The log tells why the generation fails.
    decision_.Tell(Topic::kWorkerExited, Severity::kDebug, why, *worker);
    LifeOf(*worker).Apply(WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(why));
  } else {
    OnCrash(*worker, event);
  }
}

void SupervisorCore::On(const HungEvent& event) {
  WorkerRecord* worker = workers_->Find(event.slot);
  // One that is told to end at once has a deadline for that.
  if (!worker || worker->pid != event.pid || !worker->ready || !HasProcess(worker->state) ||
      worker->state == WorkerState::kStopping) {
    return;
  }
  LifeOf(*worker).OnHung(event);
}

void SupervisorCore::On(const WokeEvent& event) {
  WorkerRecord* worker = workers_->Find(event.slot);
  if (worker && worker->pid == event.pid && HasProcess(worker->state)) LifeOf(*worker).OnWoke();
}

CrashPolicy SupervisorCore::CrashPolicyFor(const WorkerRecord& worker) const {
  return CrashPolicy(settings_.restart, !workers_->IsServedByOthers(worker));
}

void SupervisorCore::OnCrash(WorkerRecord& worker, const ExitedEvent& event) {
  ++crashes_;
  trial_.OnCrash(worker);
  const std::string why = worker.WhyNotReady(event.exit);
  if (worker.is_on_probation) return DropFromProbation(worker, WorkerEvent::kEnded, why);
  CrashPolicyFor(worker).OnCrash(worker, event, decision_);
  orders_.OnFailure(worker, why, decision_);
}

void SupervisorCore::DropFromProbation(WorkerRecord& worker, WorkerEvent how,
                                       const std::string& why) {
  // The failure of the order is told.
  decision_.Tell(Topic::kWorkerExited, Severity::kDebug, why, worker);
  worker.is_wanted = false;
  LifeOf(worker).Apply(how);
  orders_.OnFailure(worker, why, decision_);
}

void SupervisorCore::On(const AckedEvent& event) {
  reopens_.Acknowledge(event.token, event.slot, event.error);
  WorkerRecord* worker = workers_->Find(event.slot);
  if (worker && event.token != 0 && worker->reopening == event.token) {
    worker->reopening = 0;
    return GoOnReopening(*worker);
  }
  if (!worker || event.token == 0 || worker->unacknowledged != event.token) return;
  worker->unacknowledged = 0;
  if (changeover_.Acknowledge(event) || orders_.OnAcked(event, decision_)) return;
  if (event.error.empty()) return;
  Log(Severity::kError, absl::StrCat(worker->Name(), ": ", event.error));
}

void SupervisorCore::On(const TickEvent&) {
  for (auto& [slot, worker] : workers_->records()) {
    if (!worker.deadline || *worker.deadline > decision_.now()) continue;
    if (IsOfAttempt(worker) && worker.state == WorkerState::kStarting) {
      const std::string& place = attempts_.settings().ready_timeout_place;
      const std::string why =
          absl::StrCat(place, place.empty() ? "" : ": ", LifeOf(worker).WhyOverdue());
      LifeOf(worker).Apply(WorkerEvent::kOverdue);
      FailAttempt(absl::AbortedError(why));
    } else if (worker.is_on_probation && worker.is_wanted &&
               worker.state == WorkerState::kStarting) {
      DropFromProbation(worker, WorkerEvent::kOverdue, LifeOf(worker).WhyOverdue());
    } else {
      LifeOf(worker).OnDeadline();
    }
  }
  reopens_.Expire(decision_.now());
  attempts_.Expire(decision_);
  changeover_.Expire(decision_.now());
  orders_.Expire(decision_);
  const bool is_trial_of_upgrade = IsTrialOfUpgrade();
  trial_.Expire(decision_);
  if (is_trial_of_upgrade && !trial_.is_on()) upgrade_.Commit(/*request=*/0, decision_);
}

// ---- The end ----

void SupervisorCore::BeginEnding(Ending::Kind kind, int exit_code) {
  const bool is_first = !ending_.has_begun();
  if (!ending_.Begin(kind, exit_code)) return;
  if (is_first) {
    CancelReloads(absl::FailedPreconditionError("the master is stopping"));
    orders_.Cancel("the master is stopping", decision_);
    upgrade_.Cancel("the master is stopping", decision_);
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
  for (auto& [slot, worker] : workers_->records()) LifeOf(worker).End(how);
}

void SupervisorCore::HastenRestart() {
  if (!IsServing()) return;
  WorkerRecord* first = nullptr;
  for (auto& [slot, worker] : workers_->records()) {
    if (worker.generation != serving_ || !worker.is_wanted) continue;
    if (worker.state == WorkerState::kServing || worker.state == WorkerState::kStarting) return;
    if (worker.state != WorkerState::kBackoff || !worker.has_served || !worker.deadline) continue;
    if (!first || *worker.deadline < *first->deadline) first = &worker;
  }
  if (first)
    first->deadline = std::min(*first->deadline, decision_.now() + settings_.restart.floor);
}

void SupervisorCore::EndIfAllGaveUp() {
  if (!IsServing() || attempts_.is_under_way()) return;
  if (!workers_->AllAre(WorkerState::kGaveUp, serving_)) return;
  Log(Severity::kError, "the last worker has given up; nobody serves");
  BeginEnding(Ending::Kind::kGraceful, 1);
}

void SupervisorCore::EndIfNobodyIsLeft() {
  workers_->Sweep();
  if (workers_->has_processes()) return;
  pause_.Complete(decision_);
  ending_.Finish(decision_);
}

}  // namespace muster::master
