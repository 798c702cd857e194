#include "muster/master/decide/crash_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/exit_code.h"

namespace muster::master {
namespace {

std::string Text(Duration duration) { return absl::FormatDuration(absl::FromChrono(duration)); }

void StartAgain(WorkerRecord& worker, Duration delay, Decision& decision) {
  WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedRetry);
  worker.deadline = decision.now() + delay;
}

}  // namespace

void CrashPolicy::OnCrash(WorkerRecord& worker, const ipc::ProcessExit& exit,
                          Decision& decision) const {
  const Duration lived = worker.ready ? decision.now() - *worker.ready : Duration::zero();
  worker.failures_in_a_row = lived < kEarlyEnd ? worker.failures_in_a_row + 1 : 0;
  const std::string what =
      absl::StrCat(worker.Name(), " ", worker.last_exit, worker.last_circumstances);
  if (!exit.was_killed && exit.code == worker::kExitWillNeverWork) {
    decision.Tell(Topic::kWorkerGaveUp, Severity::kError,
                  absl::StrCat(what,
                               "; by this code it says that it will never work: it is not "
                               "started again"),
                  worker);
    WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedForGood);
  } else if (worker.failures_in_a_row >= crash_loop_limit_) {
    decision.Tell(Topic::kWorkerGaveUp, Severity::kError,
                  absl::StrCat(what, "; crash loop: it ended early ",
                               config::Counted(worker.failures_in_a_row, "time"),
                               " in a row and is not started again"),
                  worker);
    WorkerLifecycle(worker, decision).Apply(WorkerEvent::kEndedForGood);
  } else {
    const Duration delay = worker.backoff.Next(lived);
    decision.Tell(Topic::kWorkerCrashed, Severity::kWarning,
                  absl::StrCat(what, "; starting it again in ", Text(delay)), worker);
    StartAgain(worker, delay, decision);
  }
}

void CrashPolicy::OnFailedSpawn(WorkerRecord& worker, Decision& decision) {
  const Duration delay = worker.backoff.Next({});
  StartAgain(worker, delay, decision);
  decision.Tell(
      Topic::kWorkerCrashed, Severity::kError,
      absl::StrCat(worker.Name(), " ", worker.last_exit, "; trying again in ", Text(delay)),
      worker);
}

}  // namespace muster::master
