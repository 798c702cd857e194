#ifndef MUSTER_LOOP_TEST_TIMERS_H_
#define MUSTER_LOOP_TEST_TIMERS_H_

#include "muster/loop/clock.h"
#include "muster/loop/timer_queue.h"

namespace muster::loop {

// Timers without a loop, for tests. Time starts at TimePoint() and passes when the test says so.
class TestTimers : public TimerQueue {
 public:
  TestTimers() : TimerQueue(TimePoint()) {}

  // Runs a round `time` after the start: sets now() and calls the timers that are due.
  void RunAt(Clock::duration time) {
    SetNow(TimePoint() + time);
    RunDue();
  }
  using TimerQueue::UntilNext;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_TEST_TIMERS_H_
