#ifndef MUSTER_LOOP_TIMER_H_
#define MUSTER_LOOP_TIMER_H_

#include <functional>

#include "muster/loop/clock.h"
#include "muster/loop/timer_heap.h"

namespace muster::loop {

class TimerQueue;

// Calls a function once, at a deadline or up to a millisecond later. Made with the EventLoop that
// runs it, which must outlive it. Used in the loop's thread only, and not across fork.
//
// Destruction disarms it. The callback may arm its own timer again, or destroy it. Cancelling it
// and moving its deadline later cost O(1), since the loop looks again when the earlier deadline
// comes. Arming it, and moving its deadline earlier, cost O(log n) for n armed timers.
class Timer : private TimerHeap::Node {
 public:
  // Not armed yet. `timers`: the EventLoop.
  Timer(TimerQueue& timers, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms it, or moves its deadline. With a deadline in the past it is called in the next round.
  void Set(TimePoint deadline);
  // The same, `delay` after the loop's now().
  void SetAfter(Clock::duration delay);
  void Cancel() { is_armed_ = false; }
  bool is_armed() const { return is_armed_; }

 private:
  friend class TimerQueue;

  TimerQueue& timers_;
  std::function<void()> callback_;
  TimePoint deadline_;  // while armed; never before its time in the heap
  bool is_armed_ = false;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_TIMER_H_
