#ifndef MUSTER_LOOP_TIMER_H_
#define MUSTER_LOOP_TIMER_H_

#include <functional>
#include <optional>

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

// The armed timers of one EventLoop, which is derived from it. It reads no clock: the loop sets the
// time once in each of its rounds.
class TimerQueue {
 public:
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // The time at which the events of this round came.
  TimePoint now() const { return now_; }

 protected:
  explicit TimerQueue(TimePoint now) : now_(now) {}
  ~TimerQueue() = default;

  void SetNow(TimePoint now) { now_ = now; }
  // From now() to the first moment at which RunDue may have something to do. Negative: it is past.
  // Empty: no timer is armed.
  std::optional<Clock::duration> UntilNext() const;
  // Calls every timer whose deadline is not after now(). Not reentrant.
  void RunDue();

 private:
  friend class Timer;

  TimerHeap heap_;
  TimePoint now_;
  bool is_running_ = false;
  Timer* running_timer_ = nullptr;  // null once it was destroyed by its callback
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_TIMER_H_
