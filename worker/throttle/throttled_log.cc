#include "muster/worker/throttle/throttled_log.h"

namespace muster::worker {

void ThrottledLog::Write(config::v1::Log::Level level, absl::string_view kind,
                         absl::string_view line) {
  if (throttle_.Admit(kind, context_.loop().now())) {
    context_.Log(level, line);
  } else if (!timer_.is_armed()) {
    timer_.Set(*throttle_.next_due());
  }
}

void ThrottledLog::WriteCounts() {
  for (const LineThrottle::Count& count : throttle_.TakeDue(context_.loop().now())) {
    context_.Log(config::v1::Log::WARN, count_line_(count));
  }
  if (const auto next = throttle_.next_due()) timer_.Set(*next);
}

}  // namespace muster::worker
