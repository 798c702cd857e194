#ifndef MUSTER_WORKER_RUNTIME_DURATION_H_
#define MUSTER_WORKER_RUNTIME_DURATION_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "google/protobuf/duration.pb.h"

namespace muster::worker {

// Converts a duration of a configuration for a loop's timers. Bounded to 100 years either way, so
// that adding it to a time of the loop cannot overflow.
inline std::chrono::nanoseconds ToChrono(const google::protobuf::Duration& duration) {
  constexpr std::int64_t kMost = 100LL * 365 * 24 * 3600;
  return std::chrono::seconds(std::clamp<std::int64_t>(duration.seconds(), -kMost, kMost)) +
         std::chrono::nanoseconds(duration.nanos());
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_DURATION_H_
