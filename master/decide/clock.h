#ifndef MUSTER_MASTER_DECIDE_CLOCK_H_
#define MUSTER_MASTER_DECIDE_CLOCK_H_

#include <chrono>

namespace muster::master {

// CLOCK_MONOTONIC, as the event loop's. What decides takes the time as an argument.
using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;
using TimePoint = Clock::time_point;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_CLOCK_H_
