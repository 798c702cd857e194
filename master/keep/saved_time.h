#ifndef MUSTER_MASTER_KEEP_SAVED_TIME_H_
#define MUSTER_MASTER_KEEP_SAVED_TIME_H_

#include <chrono>
#include <cstdint>

namespace muster::master {

// A moment of CLOCK_MONOTONIC in a saved state: nanoseconds since the clock's epoch, which is the
// same in the next program, since the machine has not started anew.
inline std::int64_t ToSavedTime(std::chrono::steady_clock::time_point time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

inline std::chrono::steady_clock::time_point FromSavedTime(std::int64_t nanoseconds) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(nanoseconds));
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_KEEP_SAVED_TIME_H_
