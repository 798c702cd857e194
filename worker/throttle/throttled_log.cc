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

void ThrottledLog::WriteDue() {
  WriteCounts(throttle_.TakeDue(context_.loop().now()));
  if (const auto next = throttle_.next_due()) timer_.Set(*next);
}

void ThrottledLog::WriteCounts(const std::vector<LineThrottle::Count>& counts) {
  for (const LineThrottle::Count& count : counts) {
    context_.Log(config::v1::Log::WARN, count_line_(count));
  }
}

}  // namespace muster::worker
