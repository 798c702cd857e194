#include "muster/master/decide/pause.h"

#include <utility>

namespace muster::master {

void Pause::Begin() {
  is_on_ = true;
  workers_ = {};
}

void Pause::CountWorker(const ExitedEvent& event, bool was_killed) {
  if (is_on_) workers_.Count(event, was_killed);
}

void Pause::Complete(Decision& decision) {
  if (!is_on_) return;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, workers_.ToOutcome());
  }
}

void Pause::End(const absl::Status& why, Decision& decision) {
  is_on_ = false;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, {.status = why});
  }
}

}  // namespace muster::master
