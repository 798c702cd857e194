// What becomes of generations: they are begun, committed, left or undone.

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/generation_limit.h"
#include "muster/master/decide/reason.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/proto/counted.h"

namespace muster::master {
namespace {

std::string Workers(std::uint64_t count) { return config::Counted(count, "worker"); }

}  // namespace

void SupervisorCore::On(const StartEvent& event) {
  attempts_.Start(decision_.now());
  BeginGeneration(event.settings);
}

void SupervisorCore::On(const ReloadEvent& event) {
  if (ending_.has_begun()) {
    ReloadAttempts::Refuse(event.request, Origin::kReload,
                           absl::FailedPreconditionError("the master is stopping"), decision_);
  } else if (upgrade_.is_under_way() && event.request != 0) {
    ReloadAttempts::Refuse(event.request, Origin::kReload,
                           absl::FailedPreconditionError("an upgrade is under way"), decision_);
  } else if (upgrade_.is_under_way()) {
    Log(Severity::kInfo, "a reload begins when the upgrade that is under way is over");
    upgrade_.RememberReload();
  } else {
    attempts_.Ask(event, decision_);
  }
}

void SupervisorCore::On(const RollbackEvent& event) {
  RollbackEvent asked = event;
  if (asked.generation == 0) asked.generation = generations_.Before();
  const GenerationRecord* const goal = generations_.Find(asked.generation);
  absl::Status refusal;
  if (ending_.has_begun()) {
    refusal = absl::FailedPreconditionError("rollback refused: the master is stopping");
  } else if (upgrade_.is_under_way()) {
    refusal = absl::FailedPreconditionError("rollback refused: an upgrade is under way");
  } else if (upgrade_.is_on_trial()) {
    refusal = absl::FailedPreconditionError(
        "rollback refused: an upgrade is on trial; ctl undo goes back with the programs, and after "
        "ctl commit a rollback is possible");
  } else if (asked.generation == 0) {
    refusal = absl::FailedPreconditionError(
        "rollback refused: no generation has served before the one that serves, but those that "
        "were left by a rollback");
  } else if (goal == nullptr) {
    refusal = absl::NotFoundError(
        absl::StrCat("rollback refused: generation ", asked.generation, " is not in the history"));
  } else if (asked.generation == serving_ && !pause_.is_on()) {
    refusal = absl::FailedPreconditionError(
        absl::StrCat("rollback refused: generation ", serving_, " serves already"));
  }
  if (refusal.ok()) return attempts_.AskForRollback(asked, decision_);
  Log(Severity::kWarning, std::string(refusal.message()));
  decision_.Reply(event.request, {.status = refusal});
}

void SupervisorCore::On(const LoadedEvent& event) {
  if (attempts_.awaits(event.load)) {
    attempts_.NoteMadeAnew(event.made_anew);
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
  if (workers_->free_slots() < settings.workers) {
    FailAttempt(absl::ResourceExhaustedError(absl::StrCat(
        Workers(settings.workers), " wanted, ", config::Counted(workers_->free_slots(), "slot"),
        " free; draining workers hold the others")));
    return;
  }
  for (std::uint32_t index = 0; index < settings.workers; ++index) {
    LifeOf(*workers_->Take(generation, index, settings)).Start();
  }
}

void SupervisorCore::Commit() {
  const std::uint64_t before = serving_;
  serving_ = attempts_.generation();
  settings_ = attempts_.settings();
  pause_.End(absl::FailedPreconditionError(
                 absl::StrCat("generation ", serving_, " serves before the pause was complete")),
             decision_);
  Remember(before);
  decision_.Do(CommitAction{serving_, trial_.is_on() ? trial_.previous() : upgrade_.way_back()});
  orders_.Cancel(absl::StrCat("generation ", serving_, " has replaced all workers"), decision_);
  decision_.TellOfAttempt(
      Topic::kGenerationServes, Severity::kInfo,
      absl::StrCat("generation ", serving_, " is ready: ", Workers(wanted_workers())),
      attempts_.load(), serving_);
  // First: who drains looks for somebody who takes its connections.
  for (auto& [slot, worker] : workers_->records()) {
    if (worker.generation == serving_) LifeOf(worker).Apply(WorkerEvent::kServe);
  }
  for (auto& [slot, worker] : workers_->records()) {
    if (worker.generation != serving_) LifeOf(worker).End(WorkerEvent::kDrain);
  }
  const std::set<std::uint64_t> ended =
      EndSurplusGenerations(serving_, settings_.max_generations, *workers_, decision_);
  const bool is_start = attempts_.is_start();
  attempts_.Commit(decision_.now());
  drains_.Begin(*workers_, serving_);
  if (is_start) {
    AwaitDrained(attempts_.Succeed({}, decision_));  // nobody waits, and nobody drains
  } else {
    changeover_.Begin(*workers_, serving_, ended, settings_.drain_ack_timeout, decision_.now());
  }
}

void SupervisorCore::Remember(std::uint64_t before) {
  const ReloadAttempts::Cause& cause = attempts_.cause();
  generations_.Commit({.number = serving_,
                       .hash = settings_.hash,
                       .is_from_call = settings_.is_from_call,
                       .origin = cause.origin,
                       .copy_of = cause.origin == Origin::kUpgrade ? 0 : cause.copy_of,
                       .asked_by = attempts_.AskedBy(),
                       .served = decision_.now()},
                      cause.why);
  switch (cause.origin) {
    case Origin::kStart:
      break;
    case Origin::kReload:
      BeginTrial(before);
      break;
    case Origin::kUpgrade:
      upgrade_.OnServing(before);
      BeginTrial(before);
      break;
    case Origin::kResume:
    case Origin::kScale:
      trial_.PassTo(serving_);
      break;
    case Origin::kRollback:
    case Origin::kTrial:
      trial_.End();
      break;
    case Origin::kUndo:
      trial_.End();
      upgrade_.OnBackServing();
      break;
  }
}

void SupervisorCore::BeginTrial(std::uint64_t before) {
  if (upgrade_.is_going_back()) return;  // as soon as this reload is answered
  Settings settings = settings_;
  if (attempts_.cause().origin == Origin::kUpgrade && settings.trial == Duration::zero()) {
    settings.trial = Upgrade::kTrial;
    settings.trial_max_crashes = Upgrade::kTrialMaxCrashes;
  }
  if (IsTrialOfUpgrade() && settings.trial == Duration::zero()) {
    trial_.PassTo(serving_);
  } else {
    trial_.Begin(serving_, before, settings, decision_.now());
  }
}

void SupervisorCore::GoBackIfTrialFailed() {
  if (!IsServing()) return;
  const std::optional<std::string> why = trial_.Failure(*workers_, decision_.now());
  if (!why) return;
  const std::uint64_t previous = trial_.previous();
  const bool is_of_upgrade = IsTrialOfUpgrade();
  trial_.End();
  ++trials_failed_;
  decision_.Tell(Topic::kTrialFailed, Severity::kError,
                 absl::StrCat("generation ", serving_, " has failed its trial: ", *why,
                              "; the configuration and the program of generation ", previous,
                              " are started again"),
                 serving_);
  if (is_of_upgrade) return UndoUpgrade(/*request=*/0, *why, /*by=*/"");
  attempts_.GoBack(previous, serving_, *why, decision_);
}

void SupervisorCore::AnswerIfChangedOver() {
  if (!attempts_.is_committed() || !changeover_.is_over()) return;
  const Origin origin = attempts_.origin();
  AwaitDrained(attempts_.Succeed(changeover_.End(decision_), decision_));
  if (origin == Origin::kUpgrade) upgrade_.OnBrought(decision_);
  if (origin == Origin::kUndo) upgrade_.OnBack();
}

void SupervisorCore::AwaitDrained(ReloadAttempts::Answered answered) {
  drains_.Await(answered.generation, std::move(answered.outcome), answered.until_drained);
}

void SupervisorCore::FailAttempt(const absl::Status& reason) {
  const bool is_start = attempts_.is_start();
  const Origin origin = attempts_.origin();
  UndoGeneration();
  attempts_.Fail(reason, WhatServes(), decision_);
  if (origin == Origin::kUpgrade) upgrade_.OnNotBrought(reason.message());
  if (origin == Origin::kUndo) upgrade_.OnNotBack(reason.message(), decision_);
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
  for (auto& [slot, worker] : workers_->records()) {
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
  for (const auto& [slot, worker] : workers_->records()) {
    if (IsOfAttempt(worker) && worker.state != WorkerState::kReady) late.push_back(&worker);
  }
  if (late.empty()) return "before it was committed";
  const std::size_t others = late.size() - 1;
  return absl::StrCat("before ", late.front()->Name(),
                      others == 0 ? " was" : absl::StrCat(" and ", others, " more were"), " ready");
}

std::string SupervisorCore::WhatServes() const {
  if (pause_.is_on()) return ", the master stays paused";
  if (workers_->AnyIs(WorkerState::kServing, serving_)) {
    return absl::StrCat(", generation ", serving_, " goes on serving");
  }
  return absl::StrCat(", generation ", serving_, " stays, but none of its workers serves now");
}

}  // namespace muster::master
