#include "muster/master/decide/ending.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::master {

bool Ending::Begin(Kind kind, int exit_code) {
  if (kind <= kind_) return false;
  kind_ = kind;
  exit_code_ = exit_code;
  return true;
}

bool Ending::Await(RequestId request, Decision& decision) {
  if (is_over_) {
    decision.Reply(request, {.status = absl::FailedPreconditionError("the master has stopped")});
    return false;
  }
  waiting_.push_back(request);
  return true;
}

void Ending::CountWorker(const ExitedEvent& event, bool was_killed) {
  if (has_begun()) workers_.Count(event, was_killed);
}

void Ending::Finish(Decision& decision) {
  if (!has_begun() || is_over_) return;
  is_over_ = true;
  if (workers_.ended() > 0) {
    const bool has_cut = workers_.killed > 0 || workers_.connections > 0;
    decision.Log(has_cut ? Severity::kWarning : Severity::kInfo,
                 absl::StrCat("the workers have ended: ", workers_.Describe()));
  }
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, workers_.ToOutcome());
  }
  decision.Do(ExitAction{exit_code_});
}

}  // namespace muster::master
