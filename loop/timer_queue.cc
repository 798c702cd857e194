#include "muster/loop/timer_queue.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "muster/loop/timer.h"

namespace muster::loop {

std::optional<Clock::duration> TimerQueue::UntilNext() const {
  if (heap_.empty()) return std::nullopt;
  // How long the oldest moment is past is more than a duration can say.
  return std::max(heap_.first_time(), now_) - now_;
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
