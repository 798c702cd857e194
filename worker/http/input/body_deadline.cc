#include "muster/worker/http/input/body_deadline.h"

#include <algorithm>
#include <chrono>

namespace muster::worker::http {
namespace {

// Nobody waits for a body as long; and clocks can count it.
constexpr std::uint64_t kNoLimitSeconds = 1'000'000'000;

}  // namespace

loop::TimePoint BodyDeadline(const ConnectionSettings& settings, std::uint64_t received_bytes,
                             loop::TimePoint began, loop::TimePoint last) {
  const loop::TimePoint by_pause = last + settings.body_timeout;
  if (settings.min_body_bytes_per_second == 0) return by_pause;
  const std::uint64_t earned_seconds = received_bytes / settings.min_body_bytes_per_second;
  if (earned_seconds > kNoLimitSeconds) return by_pause;
  return std::min(by_pause, began + settings.body_timeout + std::chrono::seconds(earned_seconds));
}

}  // namespace muster::worker::http
