#ifndef LOOP_CLOCK_H_
#define LOOP_CLOCK_H_

#include <chrono>

namespace muster::loop {

// CLOCK_MONOTONIC.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

}  // namespace muster::loop

#endif  // LOOP_CLOCK_H_
