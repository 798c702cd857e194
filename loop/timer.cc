#include "muster/loop/timer.h"

#include <algorithm>
#include <utility>

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

std::optional<Clock::duration> TimerQueue::UntilNext() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.first_time() - now_;
}

void TimerQueue::RunDue() {
  is_running_ = true;
  while (!heap_.empty() && heap_.first_time() <= now_) {
    Timer* timer = static_cast<Timer*>(heap_.first());
    if (timer->is_armed_ && timer->deadline_ > now_) {
      heap_.Set(timer, timer->deadline_);  // it was moved later
      continue;
    }
    heap_.Remove(timer);
    if (!timer->is_armed_) continue;
    timer->is_armed_ = false;
    // The callback may destroy its timer, and would destroy itself while it runs if it stayed
    // there.
    std::function<void()> callback = std::move(timer->callback_);
    running_timer_ = timer;
    callback();
    if (running_timer_ != nullptr) timer->callback_ = std::move(callback);
  }
  running_timer_ = nullptr;
  is_running_ = false;
}

}  // namespace muster::loop
