#include "muster/master/decide/supervisor_core.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/master/decide/reason.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/exit_code.h"

namespace muster::master {
namespace {

std::string Text(Duration duration) { return absl::FormatDuration(absl::FromChrono(duration)); }

std::string Workers(std::uint64_t count) { return config::Counted(count, "worker"); }

// "was killed by SIGSEGV", "exited with code 1: what it complained of".
std::string How(const ipc::ProcessExit& exit, const WorkerRecord& worker) {
  return absl::StrCat(exit.was_killed ? "was " : "", exit.ToString(),
                      worker.complaint.empty() ? "" : ": ", worker.complaint);
}

// How the end of a process fails the generation that is being started: in its own words, if it
// told any.
std::string WhyNotReady(const ipc::ProcessExit& exit, const WorkerRecord& worker) {
  if (worker.ready) return absl::StrCat(worker.Name(), " ", How(exit, worker));
  if (!worker.complaint.empty()) {
    return absl::StrCat(worker.Name(), " failed: ", worker.complaint);
  }
  return absl::StrCat(worker.Name(), " ", How(exit, worker), " before it was ready");
}

// What proto/admin.proto promises: other codes would mean something else to a client.
absl::StatusCode CodeOf(const absl::Status& reason) {
  const bool is_named = absl::IsInvalidArgument(reason) || absl::IsFailedPrecondition(reason);
  return is_named ? reason.code() : absl::StatusCode::kAborted;
}

}  // namespace

std::vector<Action> SupervisorCore::Handle(const Event& event, TimePoint now) {
  now_ = now;
  std::visit([this](const auto& which) { On(which); }, event);
  for (ReplyAction& reply : reopens_.TakeEnded()) {
    if (!reply.outcome.status.ok()) {
      Log(Severity::kError, absl::StrCat("reopening failed: ", reply.outcome.status.message()));
    } else {
      Log(Severity::kInfo,
          absl::StrCat("log files are open again in ", Workers(reply.outcome.reopened)));
    }
    Reply(reply.request, std::move(reply.outcome));
  }
  table_.Sweep();
  EndIfAllGaveUp();
  EndIfNobodyIsLeft();
  return std::exchange(actions_, {});
}

std::optional<TimePoint> SupervisorCore::next_deadline() const {
  const std::optional<TimePoint> workers = table_.next_deadline();
  const std::optional<TimePoint> reopens = reopens_.next_deadline();
  if (!workers) return reopens;
  if (!reopens) return workers;
  return std::min(*workers, *reopens);
}

MasterState SupervisorCore::state() const {
  if (ending_ != Ending::kNo) return MasterState::kStopping;
  if (attempt_) return attempt_->is_first ? MasterState::kStarting : MasterState::kReloading;
  return is_paused_ ? MasterState::kPaused : MasterState::kRunning;
}

std::uint32_t SupervisorCore::wanted_workers() const {
  std::uint32_t wanted = 0;
  for (const auto& [slot, worker] : table_.records()) {
    if (worker.generation == serving_ && worker.is_wanted) ++wanted;
  }
  return wanted;
}

void SupervisorCore::On(const StartEvent& event) {
  attempt_ = Attempt{.is_first = true, .began = now_};
  BeginGeneration(event.settings);
}

// ---- Generations ----

void SupervisorCore::On(const ReloadEvent& event) {
  if (ending_ != Ending::kNo) {
    Refuse({event.request}, "", absl::FailedPreconditionError("the master is stopping"));
  } else if (attempt_) {
    pending_.push_back(event.request);
  } else {
    BeginReload({event.request});
  }
}

void SupervisorCore::BeginReload(std::vector<RequestId> waiting) {
  attempt_ = Attempt{.waiting = std::move(waiting), .began = now_};
  Log(Severity::kInfo, "reloading");
  Do(LoadAction{});
}

void SupervisorCore::BeginPendingReload() {
  if (!pending_.empty()) BeginReload(std::exchange(pending_, {}));
}

void SupervisorCore::On(const LoadedEvent& event) {
  if (!attempt_ || attempt_->generation != 0) {
    Do(RollBackAction{});  // nobody wants it any more
    return;
  }
  BeginGeneration(event.settings);
}

void SupervisorCore::On(const LoadRefusedEvent& event) {
  if (attempt_ && attempt_->generation == 0) FailAttempt(event.reason);
}

void SupervisorCore::BeginGeneration(const Settings& settings) {
  attempt_->generation = ++last_generation_;
  next_settings_ = settings;
  if (table_.free_slots() < settings.workers) {
    FailAttempt(absl::ResourceExhaustedError(absl::StrCat(
        Workers(settings.workers), " wanted, ", config::Counted(table_.free_slots(), "slot"),
        " free; draining workers hold the others")));
    return;
  }
  for (std::uint32_t index = 0; index < settings.workers; ++index) {
    table_.Add(attempt_->generation, index, settings, now_, &actions_);
  }
}

void SupervisorCore::Commit() {
  Attempt attempt = *std::exchange(attempt_, std::nullopt);
  serving_ = attempt.generation;
  settings_ = next_settings_;
  is_paused_ = false;
  Do(CommitAction{serving_});
  Log(Severity::kInfo,
      absl::StrCat("generation ", serving_, " is ready: ", Workers(wanted_workers())));
  for (auto& [slot, worker] : table_.records()) {
    if (worker.generation != serving_) End(worker, WorkerEvent::kDrain);
  }
  EndSurplusGenerations();
  if (!attempt.is_first) {
    ++reloads_;
    last_reload_error_.clear();
  }
  for (RequestId request : attempt.waiting) {
    Reply(request, {.generation = serving_, .took = now_ - attempt.began});
  }
  BeginPendingReload();
}

void SupervisorCore::FailAttempt(const absl::Status& reason) {
  const bool is_first = attempt_->is_first;
  const std::vector<RequestId> waiting = DropAttempt();
  if (is_first) {
    Log(Severity::kError, WithReason("cannot start", reason.message()));
    BeginEnding(Ending::kFast, 1);
    return;
  }
  ++reloads_refused_;
  last_reload_error_ = std::string(reason.message());
  Refuse(waiting, WhatServes(), reason);
  BeginPendingReload();
}

std::vector<RequestId> SupervisorCore::DropAttempt() {
  Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (attempt.generation == 0) return std::move(attempt.waiting);
  Do(RollBackAction{});
  for (auto& [slot, worker] : table_.records()) {
    if (worker.generation != attempt.generation) continue;
    worker.is_undone = true;
    End(worker, WorkerEvent::kStop);
  }
  return std::move(attempt.waiting);
}

void SupervisorCore::Refuse(const std::vector<RequestId>& waiting, absl::string_view what_serves,
                            const absl::Status& reason) {
  const absl::Status refusal(
      CodeOf(reason), WithReason(absl::StrCat("reload refused", what_serves), reason.message()));
  Log(Severity::kError, std::string(refusal.message()));
  for (RequestId request : waiting) Reply(request, {.status = refusal});
}

std::string SupervisorCore::WhatServes() const {
  if (is_paused_) return ", the master stays paused";
  for (const auto& [slot, worker] : table_.records()) {
    if (worker.generation == serving_ && worker.state == WorkerState::kServing) {
      return absl::StrCat(", generation ", serving_, " goes on serving");
    }
  }
  return absl::StrCat(", generation ", serving_, " stays, but none of its workers serves now");
}

void SupervisorCore::CancelReloads(const absl::Status& reason) {
  std::vector<RequestId> waiting = std::exchange(pending_, {});
  const bool is_reload = attempt_ && !attempt_->is_first;
  if (attempt_) {
    for (RequestId request : DropAttempt()) waiting.push_back(request);
  }
  if (is_reload) {
    ++reloads_refused_;
    last_reload_error_ = std::string(reason.message());
  }
  if (is_reload || !waiting.empty()) Refuse(waiting, "", reason);
}

void SupervisorCore::EndSurplusGenerations() {
  std::set<std::uint64_t> alive;
  for (const auto& [slot, worker] : table_.records()) {
    if (worker.state == WorkerState::kDraining || worker.generation == serving_) {
      alive.insert(worker.generation);
    }
  }
  while (alive.size() > settings_.max_generations) {
    const std::uint64_t oldest = *alive.begin();
    Log(Severity::kWarning, absl::StrCat("generation ", oldest, " is ended at once: more than ",
                                         settings_.max_generations, " are alive"));
    for (auto& [slot, worker] : table_.records()) {
      if (worker.generation == oldest) End(worker, WorkerEvent::kStop);
    }
    alive.erase(oldest);
  }
}

bool SupervisorCore::IsOfAttempt(const WorkerRecord& worker) const {
  return attempt_ && worker.generation == attempt_->generation;
}

// ---- What workers do ----

void SupervisorCore::On(const SpawnedEvent& event) {
  if (WorkerRecord* worker = table_.Find(event.slot)) {
    worker->pid = event.pid;
    Log(Severity::kDebug, absl::StrCat(worker->Name(), " was started in slot ", worker->slot));
  }
}

void SupervisorCore::On(const SpawnFailedEvent& event) {
  WorkerRecord* worker = table_.Find(event.slot);
  if (!worker || !HasProcess(worker->state)) return;
  worker->last_exit = absl::StrCat("could not be started: ", event.reason);
  if (!worker->is_wanted) {
    Apply(*worker, WorkerEvent::kEnded);
  } else if (IsOfAttempt(*worker)) {
    Apply(*worker, WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(absl::StrCat(worker->Name(), " ", worker->last_exit)));
  } else {
    // The machine's trouble, not the worker's: it is tried for as long as it takes.
    const Duration delay = worker->backoff.Next({});
    Apply(*worker, WorkerEvent::kEndedRetry);
    worker->deadline = now_ + delay;
    Log(Severity::kError,
        absl::StrCat(worker->Name(), " ", worker->last_exit, "; trying again in ", Text(delay)));
  }
}

void SupervisorCore::On(const ReadyEvent& event) {
  WorkerRecord* worker = table_.Find(event.slot);
  if (!worker || worker->state != WorkerState::kStarting) return;
  worker->ready = now_;
  Apply(*worker, WorkerEvent::kReady);
  if (!IsOfAttempt(*worker)) {
    Log(Severity::kInfo, absl::StrCat(worker->Name(), " is ready"));
    return;
  }
  for (const auto& [slot, other] : table_.records()) {
    if (IsOfAttempt(other) && other.state != WorkerState::kServing) return;
  }
  Commit();
}

void SupervisorCore::On(const FailedEvent& event) {
  if (WorkerRecord* worker = table_.Find(event.slot))
    worker->complaint = std::string(event.reason.message());
}

void SupervisorCore::On(const AckedEvent& event) {
  reopens_.Acknowledge(event.token, event.slot, event.error);
}

void SupervisorCore::On(const ExitedEvent& event) {
  WorkerRecord* worker = table_.Find(event.slot);
  if (!worker || !HasProcess(worker->state)) return;
  reopens_.Forget(event.slot);
  const std::string name = worker->Name();
  const std::string how = How(event.exit, *worker);
  worker->last_exit = how;
  const bool is_clean = !event.exit.was_killed && event.exit.code == 0;
  if (!worker->is_wanted) {
    if (ending_ != Ending::kNo) ++(worker->was_killed ? killed_ : exited_);
    // Why a generation failed was told; what becomes of its other workers is no news.
    Log(worker->is_undone ? Severity::kDebug
        : is_clean        ? Severity::kInfo
                          : Severity::kWarning,
        absl::StrCat(name, " ", how));
    Apply(*worker, WorkerEvent::kEnded);
  } else if (IsOfAttempt(*worker)) {
    const std::string why = WhyNotReady(event.exit, *worker);
    Apply(*worker, WorkerEvent::kEnded);
    FailAttempt(absl::AbortedError(why));
  } else {
    OnCrash(*worker, how, !event.exit.was_killed && event.exit.code == worker::kExitWillNeverWork);
  }
}

void SupervisorCore::OnCrash(WorkerRecord& worker, const std::string& how, bool is_hopeless) {
  ++crashes_;
  const std::string name = worker.Name();
  const Duration lived = worker.ready ? now_ - *worker.ready : Duration::zero();
  worker.failures_in_a_row = lived < kEarlyEnd ? worker.failures_in_a_row + 1 : 0;
  if (is_hopeless) {
    Log(Severity::kError, absl::StrCat(name, " ", how,
                                       "; by this code it says that it will "
                                       "never work: it is not started again"));
    Apply(worker, WorkerEvent::kEndedForGood);
  } else if (worker.failures_in_a_row >= settings_.crash_loop_limit) {
    Log(Severity::kError, absl::StrCat(name, " ", how, "; crash loop: it ended early ",
                                       config::Counted(worker.failures_in_a_row, "time"),
                                       " in a row and is not started again"));
    Apply(worker, WorkerEvent::kEndedForGood);
  } else {
    const Duration delay = worker.backoff.Next(lived);
    Log(Severity::kWarning, absl::StrCat(name, " ", how, "; starting it again in ", Text(delay)));
    Apply(worker, WorkerEvent::kEndedRetry);
    worker.deadline = now_ + delay;
  }
}

// ---- Time ----

void SupervisorCore::On(const TickEvent&) {
  for (auto& [slot, worker] : table_.records()) {
    if (!worker.deadline || *worker.deadline > now_) continue;
    switch (worker.state) {
      case WorkerState::kStarting:
      case WorkerState::kDraining:
        OnOverdue(worker);
        break;
      case WorkerState::kStopping:
        WorkerLifecycle::Insist(worker, now_, &actions_);
        if (worker.was_killed) {
          Log(Severity::kWarning, absl::StrCat(worker.Name(), " did not stop; it is killed"));
        }
        break;
      case WorkerState::kBackoff:
        ++worker.restarts;
        Apply(worker, WorkerEvent::kRetry);
        break;
      case WorkerState::kServing:
      case WorkerState::kGaveUp:
      case WorkerState::kGone:
        worker.deadline.reset();
        break;
    }
  }
  reopens_.Expire(now_);
}

void SupervisorCore::OnOverdue(WorkerRecord& worker) {
  const std::string what =
      worker.state == WorkerState::kStarting
          ? absl::StrCat("was not ready within ", Text(worker.ready_timeout))
          : absl::StrCat("did not finish within ", Text(worker.shutdown_timeout), " and ",
                         Text(WorkerLifecycle::kGrace), " of grace");
  const std::string text = absl::StrCat(worker.Name(), " ", what);
  if (IsOfAttempt(worker)) {
    const std::string& place = next_settings_.ready_timeout_place;
    Apply(worker, WorkerEvent::kOverdue);
    FailAttempt(absl::AbortedError(absl::StrCat(place, place.empty() ? "" : ": ", text)));
    return;
  }
  Log(Severity::kError, absl::StrCat(text, "; it is killed"));
  Apply(worker, WorkerEvent::kOverdue);
}

// ---- What the operator asks for ----

void SupervisorCore::On(const ReopenEvent& event) {
  std::map<std::uint32_t, std::string> asked;
  ++last_token_;
  for (const auto& [slot, worker] : table_.records()) {
    if (!HasProcess(worker.state) || worker.state == WorkerState::kStopping) continue;
    asked[slot] = worker.Name();
    Do(SendAction{slot, worker::Command::kReopen, last_token_});
  }
  reopens_.Begin(last_token_, event.request, std::move(asked), event.own_log, now_);
}

void SupervisorCore::On(const QuitEvent& event) {
  if (has_exited_) {
    Reply(event.request, {.status = absl::FailedPreconditionError("the master has stopped")});
    return;
  }
  waiting_for_end_.push_back(event.request);
  BeginEnding(Ending::kGraceful, exit_code_);
}

void SupervisorCore::On(const StopEvent& event) {
  if (has_exited_) {
    Reply(event.request, {.status = absl::FailedPreconditionError("the master has stopped")});
    return;
  }
  waiting_for_end_.push_back(event.request);
  BeginEnding(Ending::kFast, exit_code_);
}

void SupervisorCore::On(const PauseEvent&) {
  if (serving_ == 0 || is_paused_ || ending_ != Ending::kNo) {
    Log(Severity::kWarning, "nothing serves that could be paused");
    return;
  }
  is_paused_ = true;
  Log(Severity::kInfo,
      "pausing: the workers finish and exit, the listeners stay; a reload serves again");
  CancelReloads(absl::FailedPreconditionError("the master was paused"));
  for (auto& [slot, worker] : table_.records()) End(worker, WorkerEvent::kQuit);
}

void SupervisorCore::On(const ScaleEvent& event) {
  if (serving_ == 0 || is_paused_ || ending_ != Ending::kNo) {
    Log(Severity::kWarning, "the number of workers cannot change: nothing serves");
  } else if (!settings_.can_scale) {
    Log(Severity::kWarning,
        "the number of workers cannot change: with accept: REUSEPORT only a reload changes it");
  } else if (event.by > 0) {
    AddWorker();
  } else if (event.by < 0) {
    RemoveWorker();
  }
}

void SupervisorCore::AddWorker() {
  std::set<std::uint32_t> used;
  for (const auto& [slot, worker] : table_.records()) {
    if (worker.generation == serving_ && worker.is_wanted) used.insert(worker.index);
  }
  std::uint32_t index = 0;
  while (used.count(index) > 0) ++index;
  if (used.size() >= kMostWorkers || table_.free_slots() == 0) {
    Log(Severity::kWarning,
        absl::StrCat("not one worker more: ", used.size() >= kMostWorkers
                                                  ? absl::StrCat(kMostWorkers, " are the most")
                                                  : "no slot is free"));
    return;
  }
  table_.Add(serving_, index, settings_, now_, &actions_);
  Log(Severity::kInfo, absl::StrCat("one worker more: ", Workers(used.size() + 1)));
}

void SupervisorCore::RemoveWorker() {
  WorkerRecord* last = nullptr;
  for (auto& [slot, worker] : table_.records()) {
    if (worker.generation != serving_ || !worker.is_wanted) continue;
    if (!last || worker.index > last->index) last = &worker;
  }
  const std::uint32_t wanted = wanted_workers();
  if (!last || wanted <= 1) {
    Log(Severity::kWarning, "the last worker stays");
    return;
  }
  Log(Severity::kInfo, absl::StrCat("one worker fewer: ", Workers(wanted - 1)));
  End(*last, WorkerEvent::kDrain);
}

// ---- The end ----

void SupervisorCore::BeginEnding(Ending how, int exit_code) {
  if (how <= ending_) return;
  const bool is_first = ending_ == Ending::kNo;
  ending_ = how;
  exit_code_ = exit_code;
  if (is_first) {
    CancelReloads(absl::FailedPreconditionError("the master is stopping"));
    Do(CloseListenersAction{});
  }
  Log(Severity::kInfo,
      how == Ending::kFast ? "stopping" : "quitting: the workers finish what they serve");
  const WorkerEvent event = how == Ending::kFast ? WorkerEvent::kStop : WorkerEvent::kQuit;
  for (auto& [slot, worker] : table_.records()) End(worker, event);
}

void SupervisorCore::EndIfNobodyIsLeft() {
  if (ending_ == Ending::kNo || has_exited_) return;
  table_.Sweep();
  if (table_.has_processes()) return;
  has_exited_ = true;
  for (RequestId request : std::exchange(waiting_for_end_, {})) {
    Reply(request, {.exited = exited_, .killed = killed_});
  }
  Do(ExitAction{exit_code_});
}

void SupervisorCore::EndIfAllGaveUp() {
  if (serving_ == 0 || attempt_ || is_paused_ || ending_ != Ending::kNo) return;
  for (const auto& [slot, worker] : table_.records()) {
    if (worker.generation == serving_ && worker.state != WorkerState::kGaveUp) return;
  }
  Log(Severity::kError, "the last worker has given up; nobody serves");
  BeginEnding(Ending::kGraceful, 1);
}

void SupervisorCore::Reply(RequestId request, Outcome outcome) {
  if (request != 0) Do(ReplyAction{request, std::move(outcome)});
}

}  // namespace muster::master
