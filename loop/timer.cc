#include "muster/loop/timer.h"

#include <algorithm>
#include <utility>

#include "muster/loop/timer_queue.h"

namespace muster::loop {

Timer::Timer(TimerQueue& timers, std::function<void()> callback)
    : timers_(timers), callback_(std::move(callback)) {}

Timer::~Timer() {
  if (timers_.running_timer_ == this) timers_.running_timer_ = nullptr;
  timers_.heap_.Remove(this);
}

void Timer::Set(TimePoint deadline) {
  // What a timer's callback arms comes in a later round. Otherwise one that always arms itself
  // for now would keep the loop from everything else.
  if (timers_.is_running_) deadline = std::max(deadline, timers_.now_ + Clock::duration(1));
  is_armed_ = true;
  deadline_ = deadline;
  if (!is_in_heap() || deadline < timers_.heap_.time(*this)) timers_.heap_.Set(this, deadline);
}

void Timer::SetAfter(Clock::duration delay) {
  const Clock::duration most = TimePoint::max() - timers_.now_;
  Set(timers_.now_ + std::min(delay, most));
}

}  // namespace muster::loop
