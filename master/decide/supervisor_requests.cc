// What the operator asks for, by a call or by a signal, about the workers and the master.

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/scaling.h"
#include "muster/master/decide/supervisor_core.h"

namespace muster::master {

void SupervisorCore::On(const ReopenEvent& event) {
  std::map<std::uint32_t, ReopenRounds::Asked> asked;
  const std::uint32_t token = decision_.NewToken();
  for (auto& [slot, worker] : workers_->records()) {
    if (!HasProcess(worker.state) || worker.state == WorkerState::kStopping) continue;
    asked[slot] = {worker.Name(), AskToReopen(worker, token)};
  }
  reopens_.Begin(token, event.request, std::move(asked), event.own_log, decision_.now());
}

std::string SupervisorCore::AskToReopen(WorkerRecord& worker, std::uint32_t token) {
  if (worker.next_reopening != 0) {
    reopens_.Acknowledge(worker.next_reopening, worker.slot,
                         absl::StrCat(worker.ready ? "has not answered an earlier request to reopen"
                                                   : "is not ready",
                                      ", and a later request takes the place of this one"));
  }
  worker.next_reopening = token;
  if (!worker.ready) return "was not ready";
  if (worker.reopening != 0) return "had not answered an earlier request to reopen";
  GoOnReopening(worker);
  return "";
}

void SupervisorCore::GoOnReopening(WorkerRecord& worker) {
  if (worker.reopening != 0 || worker.next_reopening == 0) return;
  if (!HasProcess(worker.state) || worker.state == WorkerState::kStopping) return;
  worker.reopening = std::exchange(worker.next_reopening, 0);
  reopens_.OnAsked(worker.reopening, worker.slot);
  decision_.Do(SendAction{worker.slot, worker::Command::kReopen, worker.reopening});
}

void SupervisorCore::On(const PauseEvent& event) {
  if (serving_ == 0 || ending_.has_begun() || upgrade_.is_under_way()) {
    const absl::string_view why = serving_ == 0         ? "nothing serves that could be paused"
                                  : ending_.has_begun() ? "the master is stopping"
                                                        : "an upgrade is under way";
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
  orders_.Cancel("the master was paused", decision_);
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
    attempts_.Resume(event.request, serving_, event.by, decision_);
  } else {
    decision_.Reply(
        event.request,
        {.status = absl::FailedPreconditionError(absl::StrCat("resume refused: ", why))});
  }
}

void SupervisorCore::On(const ScaleEvent& event) {
  if (!IsServing()) {
    Log(Severity::kWarning, "the number of workers cannot change: nothing serves");
  } else if (upgrade_.is_under_way()) {
    Log(Severity::kWarning, "the number of workers cannot change: an upgrade is under way");
  } else if (!settings_.can_scale) {
    Log(Severity::kWarning,
        "the number of workers cannot change by a signal: with accept: REUSEPORT only a reload or "
        "ctl scale changes it");
  } else if (orders_.is_under_way()) {
    Log(Severity::kWarning,
        "the number of workers cannot change: another change of workers is under way");
  } else if (event.by > 0) {
    AddWorker(serving_, settings_, *workers_, decision_);
  } else if (event.by < 0) {
    RemoveWorker(serving_, *workers_, decision_);
  }
}

void SupervisorCore::On(const WorkerOrderEvent& event) {
  const absl::string_view why = ending_.has_begun()        ? "the master is stopping"
                                : serving_ == 0            ? "nothing serves yet"
                                : pause_.is_on()           ? "the master is paused"
                                : upgrade_.is_under_way()  ? "an upgrade is under way"
                                : attempts_.is_under_way() ? "a reload is under way"
                                                           : "";
  if (!why.empty()) {
    WorkerOrders::Refuse(event, absl::FailedPreconditionError(why), decision_);
  } else if (event.what == WorkerOrderEvent::What::kScale && !settings_.can_scale &&
             !orders_.is_under_way() && event.number != wanted_workers()) {
    attempts_.Scale(event, serving_, decision_);
  } else {
    orders_.Begin(event, serving_, settings_, decision_);
  }
}

void SupervisorCore::On(const WithdrawEvent& event) {
  using Wait = ReloadAttempts::Wait;
  if (orders_.Leave(event.request, event.why, decision_)) return;
  if (drains_.Leave(event.request, event.why, decision_)) return;
  if (upgrade_.Leave(event.request, event.why, decision_)) return;
  const Wait wait = attempts_.HowWaits(event.request);
  if (wait == Wait::kNot) return;
  if (wait == Wait::kForNext) {
    attempts_.Leave(event.request,
                    {.status = absl::AbortedError(absl::StrCat(attempts_.NameOf(event.request),
                                                               " refused", WhatServes(), ": ",
                                                               event.why, " before it began"))},
                    decision_);
  } else if (attempts_.is_committed()) {
    attempts_.Leave(event.request, changeover_.SoFar(event.why), decision_);
  } else if (wait == Wait::kWithOthers) {
    attempts_.Leave(event.request,
                    {.status = absl::CancelledError(
                         absl::StrCat("the ", attempts_.NameOf(event.request),
                                      " goes on, since others wait for it, too: ", event.why))},
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

}  // namespace muster::master
