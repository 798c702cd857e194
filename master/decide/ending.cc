#include "muster/master/decide/ending.h"

#include <utility>

#include "absl/status/status.h"

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

void Ending::CountWorker(bool was_killed) {
  if (has_begun()) ++(was_killed ? killed_ : exited_);
}

void Ending::Finish(Decision& decision) {
  if (!has_begun() || is_over_) return;
  is_over_ = true;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, {.exited = exited_, .killed = killed_});
  }
  decision.Do(ExitAction{exit_code_});
}

}  // namespace muster::master
