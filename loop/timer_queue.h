#ifndef MUSTER_LOOP_TIMER_QUEUE_H_
#define MUSTER_LOOP_TIMER_QUEUE_H_

#include <optional>

#include "muster/loop/clock.h"
#include "muster/loop/timer_heap.h"

namespace muster::loop {

class Timer;

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
  // From now() to the first moment at which RunDue may have something to do. Zero: it is now, or
  // past. Empty: no timer is armed.
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

#endif  // MUSTER_LOOP_TIMER_QUEUE_H_
