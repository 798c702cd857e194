#include "muster/master/decide/pause.h"

#include <utility>

namespace muster::master {

void Pause::Begin() {
  is_on_ = true;
  exited_ = killed_ = 0;
}

void Pause::CountWorker(bool was_killed) {
  if (is_on_) ++(was_killed ? killed_ : exited_);
}

void Pause::Complete(Decision& decision) {
  if (!is_on_) return;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, {.exited = exited_, .killed = killed_});
  }
}

void Pause::End(const absl::Status& why, Decision& decision) {
  is_on_ = false;
  for (const RequestId request : std::exchange(waiting_, {})) {
    decision.Reply(request, {.status = why});
  }
}

}  // namespace muster::master
