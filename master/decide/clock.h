#ifndef MUSTER_MASTER_DECIDE_CLOCK_H_
#define MUSTER_MASTER_DECIDE_CLOCK_H_

#include <chrono>

namespace muster::master {

// CLOCK_MONOTONIC, as in the event loop. Nothing in this folder reads it: the time is an argument.
using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;
using TimePoint = Clock::time_point;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_CLOCK_H_
