#ifndef MASTER_CLOCK_H_
#define MASTER_CLOCK_H_

#include <chrono>

namespace muster::master {

// CLOCK_MONOTONIC, as the event loop's. What decides takes the time as an argument.
using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;
using TimePoint = Clock::time_point;

}  // namespace muster::master

#endif  // MASTER_CLOCK_H_
