#include "muster/master/decide/crash_policy.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/exit_code.h"

namespace muster::master {
namespace {

// "at once", "in 100ms".
std::string When(Duration pause) {
  if (pause == Duration::zero()) return "at once";
  return absl::StrCat("in ", absl::FormatDuration(absl::FromChrono(pause)));
}

void StartAgain(WorkerRecord& worker, Duration pause, Decision& decision) {
  WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedRetry);
  worker.deadline = decision.now() + pause;
}

}  // namespace

Duration CrashPolicy::NextPause(WorkerRecord& worker, bool has_served) const {
  const Duration pause = worker.backoff.Next(has_served, terms_);
  return is_last_ && worker.has_served ? std::min(pause, terms_.floor) : pause;
}

void CrashPolicy::OnCrash(WorkerRecord& worker, const ExitedEvent& event,
                          Decision& decision) const {
  const Duration lived = worker.ready ? decision.now() - *worker.ready : Duration::zero();
  const bool has_served = worker.ready && (lived >= kEarlyEnd || event.connections > 0);
  worker.has_served = worker.has_served || has_served;
  worker.failures_in_a_row = has_served ? 0 : worker.failures_in_a_row + 1;
  if (has_served && lived >= terms_.reset) worker.backoff = {};
  const std::string what =
      absl::StrCat(worker.Name(), " ", worker.last_exit, worker.last_circumstances);
  if (!event.exit.was_killed && event.exit.code == worker::kExitWillNeverWork) {
    decision.Tell(Topic::kWorkerGaveUp, Severity::kError,
                  absl::StrCat(what,
                               "; by this code it says that it will never work: it is not "
                               "started again"),
                  worker);
    WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedForGood);
  } else if (worker.failures_in_a_row >= terms_.crash_loop_limit &&
             !(is_last_ && worker.has_served)) {
    decision.Tell(Topic::kWorkerGaveUp, Severity::kError,
                  absl::StrCat(what, "; crash loop: it ended early ",
                               config::Counted(worker.failures_in_a_row, "time"),
                               " in a row and is not started again"),
                  worker);
    WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedForGood);
  } else {
    const Duration pause = NextPause(worker, has_served);
    decision.Tell(Topic::kWorkerCrashed, Severity::kWarning,
                  absl::StrCat(what, "; starting it again ", When(pause)), worker);
    StartAgain(worker, pause, decision);
  }
}

void CrashPolicy::OnFailedSpawn(WorkerRecord& worker, Decision& decision) const {
  const Duration pause = NextPause(worker, /*has_served=*/false);
  StartAgain(worker, pause, decision);
  decision.Tell(Topic::kWorkerCrashed, Severity::kError,
                absl::StrCat(worker.Name(), " ", worker.last_exit, "; trying again ", When(pause)),
                worker);
}

}  // namespace muster::master
