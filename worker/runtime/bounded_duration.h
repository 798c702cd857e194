#ifndef MUSTER_WORKER_RUNTIME_BOUNDED_DURATION_H_
#define MUSTER_WORKER_RUNTIME_BOUNDED_DURATION_H_

#include <algorithm>
#include <chrono>

#include "google/protobuf/duration.pb.h"
#include "muster/proto/duration.h"

namespace muster::worker {

// A duration of a configuration for a loop's timers: bounded to 100 years either way, so that
// adding it to a time of the loop cannot overflow. Zero if it is not valid (proto/duration.h).
inline std::chrono::nanoseconds BoundedDuration(const google::protobuf::Duration& duration) {
  constexpr std::chrono::nanoseconds kMost = std::chrono::hours(24 * 365 * 100);
  return std::clamp(config::ToChrono(duration), -kMost, kMost);
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_BOUNDED_DURATION_H_
