#ifndef MUSTER_LOOP_RUN_UNTIL_H_
#define MUSTER_LOOP_RUN_UNTIL_H_

#include <chrono>

#include "absl/functional/function_ref.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"

namespace muster::loop {

// Runs rounds of `loop` until `is_true` holds after one, for tests. False: it does not within a
// minute, or the loop broke.
inline bool RunUntil(EventLoop& loop, absl::FunctionRef<bool()> is_true) {
  const TimePoint deadline = Clock::now() + std::chrono::minutes(1);
  while (!is_true()) {
    if (Clock::now() > deadline) return false;
    if (!loop.RunOnce(std::chrono::milliseconds(100)).ok()) return false;
  }
  return true;
}

}  // namespace muster::loop

#endif  // MUSTER_LOOP_RUN_UNTIL_H_
