#ifndef MUSTER_LOOP_CLOCK_H_
#define MUSTER_LOOP_CLOCK_H_

#include <chrono>

namespace muster::loop {

// The clock of loops and timers: CLOCK_MONOTONIC.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

}  // namespace muster::loop

#endif  // MUSTER_LOOP_CLOCK_H_
