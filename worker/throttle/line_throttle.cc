#include "muster/worker/throttle/line_throttle.h"

#include <utility>

namespace muster::worker {

bool LineThrottle::Admit(absl::string_view kind, loop::TimePoint now) {
  const auto [found, is_new] = kinds_.try_emplace(std::string(kind));
  Kind& of_kind = found->second;
  // One whose count is not told yet waits for that.
  if (is_new || (now >= of_kind.until && of_kind.counted == 0)) {
    of_kind.until = now + kInterval;
    return true;
  }
  ++of_kind.counted;
  return false;
}

std::vector<LineThrottle::Count> LineThrottle::TakeDue(loop::TimePoint now) {
  std::vector<Count> due;
  for (auto& [name, kind] : kinds_) {
    if (kind.counted == 0 || now < kind.until) continue;
    due.push_back({name, std::exchange(kind.counted, 0)});
    kind.until = now + kInterval;
  }
  return due;
}

std::vector<LineThrottle::Count> LineThrottle::TakeAll() {
  std::vector<Count> all;
  for (auto& [name, kind] : kinds_) {
    if (kind.counted > 0) all.push_back({name, std::exchange(kind.counted, 0)});
  }
  return all;
}

std::optional<loop::TimePoint> LineThrottle::next_due() const {
  std::optional<loop::TimePoint> next;
  for (const auto& [name, kind] : kinds_) {
    if (kind.counted > 0 && (!next.has_value() || kind.until < *next)) next = kind.until;
  }
  return next;
}

}  // namespace muster::worker
