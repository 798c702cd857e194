#include "muster/master/decide/worker_lifecycle.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

std::string Text(Duration duration) { return absl::FormatDuration(absl::FromChrono(duration)); }

}  // namespace

void WorkerLifecycle::Start() {
  SetDeadline();
  Perform(WorkerStep::kSpawn);
}

void WorkerLifecycle::Apply(WorkerEvent event) {
  const Transition transition = Next(worker_.state, event);
  const bool is_change = transition.state != worker_.state;
  worker_.state = transition.state;
  for (WorkerStep step : transition.steps) Perform(step);
  if (is_change) SetDeadline();
  if (!HasProcess(worker_.state)) worker_.pid = 0;
}

void WorkerLifecycle::End(WorkerEvent how) {
  worker_.is_wanted = false;
  Apply(how);
}

void WorkerLifecycle::OnDeadline() {
  switch (worker_.state) {
    case WorkerState::kStarting:
    case WorkerState::kDraining:
      decision_.Tell(Topic::kWorkerKilled, Severity::kError,
                     absl::StrCat(WhyOverdue(), "; it is killed"), worker_);
      Apply(WorkerEvent::kOverdue);
      break;
    case WorkerState::kStopping:
      InsistOnStop();
      break;
    case WorkerState::kBackoff:
      ++worker_.restarts;
      Apply(WorkerEvent::kRetry);
      break;
    case WorkerState::kReady:
    case WorkerState::kServing:
    case WorkerState::kGaveUp:
    case WorkerState::kGone:
      worker_.deadline.reset();
      break;
  }
}

void WorkerLifecycle::OnHung(const HungEvent& event) {
  if (std::exchange(worker_.is_hung, true)) return;
  const std::string since =
      event.silent == Duration::zero()
          ? ""
          : absl::StrCat(" for ", Text(std::chrono::floor<std::chrono::seconds>(event.silent)));
  decision_.Tell(Topic::kWorkerHung, Severity::kWarning,
                 absl::StrCat(worker_.Name(), " does not run its loop", since, event.findings),
                 worker_);
  if (!worker_.kills_hung || event.is_stopped || worker_.was_killed) return;
  decision_.Tell(Topic::kWorkerKilled, Severity::kError,
                 absl::StrCat(worker_.Name(), " hangs; it is killed, since hung_worker is KILL"),
                 worker_);
  Perform(WorkerStep::kKill);
}

void WorkerLifecycle::OnWoke() {
  if (!std::exchange(worker_.is_hung, false)) return;
  decision_.Tell(Topic::kWorkerWoke, Severity::kInfo,
                 absl::StrCat(worker_.Name(), " runs its loop again"), worker_);
}

std::string WorkerLifecycle::WhyOverdue() const {
  const std::string what =
      worker_.state == WorkerState::kStarting
          ? absl::StrCat("was not ready within ", Text(worker_.ready_timeout))
          : absl::StrCat("did not finish within ", Text(worker_.shutdown_timeout), " and ",
                         Text(kGrace), " of grace");
  return absl::StrCat(worker_.Name(), " ", what);
}

void WorkerLifecycle::Perform(WorkerStep step) {
  switch (step) {
    case WorkerStep::kSpawn:
      worker_.started = decision_.now();
      worker_.ready.reset();
      worker_.was_killed = false;
      worker_.is_hung = false;
      worker_.complaint.clear();
      worker_.protocol = 0;
      worker_.unacknowledged = 0;
      worker_.reopening = 0;
      worker_.next_reopening = 0;
      decision_.Do(SpawnAction{worker_.slot, worker_.generation, worker_.index});
      break;
    case WorkerStep::kSendServe:
      // An older worker serves already.
      if (worker_.SpeaksOfServing()) Ask(worker::Command::kServe);
      break;
    case WorkerStep::kSendDrain:
      Ask(worker::Command::kDrain);
      break;
    case WorkerStep::kSendQuit:
      Ask(worker::Command::kQuit);
      break;
    case WorkerStep::kSendTerminate:
      worker_.unacknowledged = 0;
      decision_.Do(SendAction{worker_.slot, worker::Command::kTerminate, 0});
      break;
    case WorkerStep::kKill:
      worker_.was_killed = true;
      decision_.Do(SignalAction{worker_.slot, SIGKILL});
      break;
    case WorkerStep::kRelease:
      decision_.Do(ReleaseSlotAction{worker_.slot});
      break;
  }
}

void WorkerLifecycle::Ask(worker::Command command) {
  worker_.unacknowledged = decision_.NewToken();
  decision_.Do(SendAction{worker_.slot, command, worker_.unacknowledged});
}

void WorkerLifecycle::SetDeadline() {
  worker_.deadline.reset();
  switch (worker_.state) {
    case WorkerState::kStarting:
      worker_.deadline = decision_.now() + worker_.ready_timeout;
      break;
    case WorkerState::kDraining:
      worker_.deadline = decision_.now() + worker_.shutdown_timeout + kGrace;
      break;
    case WorkerState::kStopping:
      if (worker_.was_killed) break;
      worker_.escalation = Escalation();
      worker_.deadline = decision_.now() + worker_.escalation.Next();
      break;
    case WorkerState::kReady:
    case WorkerState::kServing:
    case WorkerState::kBackoff:  // its caller knows how long
    case WorkerState::kGaveUp:
    case WorkerState::kGone:
      break;
  }
}

void WorkerLifecycle::InsistOnStop() {
  const Duration delay = worker_.escalation.Next();
  if (delay == Duration::zero()) {
    worker_.deadline.reset();
    Perform(WorkerStep::kKill);
    decision_.Tell(Topic::kWorkerKilled, Severity::kWarning,
                   absl::StrCat(worker_.Name(), " did not stop; it is killed"), worker_);
    return;
  }
  // By signal this time: a worker that does not read its channel may still take a signal.
  decision_.Do(SignalAction{worker_.slot, SIGTERM});
  worker_.deadline = decision_.now() + delay;
}

}  // namespace muster::master
