#include "muster/loop/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"

namespace muster::loop {

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  return Create([] { return Clock::now(); });
}

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create(
    std::function<TimePoint()> read_clock) {
  ipc::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ipc::ErrnoStatus("epoll_create1");
  ipc::UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.valid()) return ipc::ErrnoStatus("eventfd");
  auto loop = std::unique_ptr<EventLoop>(
      new EventLoop(std::move(read_clock), std::move(epoll), std::move(wake)));
  MUSTER_RETURN_IF_ERROR(loop->Add(loop->wake_.get(), EPOLLIN | EPOLLET, nullptr));
  return loop;
}

EventLoop::EventLoop(std::function<TimePoint()> read_clock, ipc::UniqueFd epoll, ipc::UniqueFd wake)
    : TimerQueue(read_clock()),
      read_clock_(std::move(read_clock)),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)) {}

absl::Status EventLoop::Add(int fd, std::uint32_t events, Handler* handler) {
  return Control(EPOLL_CTL_ADD, fd, events, handler);
}

absl::Status EventLoop::Modify(int fd, std::uint32_t events, Handler* handler) {
  return Control(EPOLL_CTL_MOD, fd, events, handler);
}

void EventLoop::Remove(int fd, Handler* handler) {
  const absl::Status status = Control(EPOLL_CTL_DEL, fd, 0, handler);
  MUSTER_CHECK(status.ok(), "a descriptor is removed while it is open and added");
  Drop(handler);
}

absl::Status EventLoop::Control(int operation, int fd, std::uint32_t events, Handler* handler) {
  epoll_event event = {};
  event.events = events;
  event.data.ptr = handler;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("epoll_ctl ", operation, " of descriptor ", fd));
  }
  return absl::OkStatus();
}

void EventLoop::Drop(const Handler* handler) {
  for (std::size_t i = next_event_; i < event_count_; ++i) {
    if (events_[i].data.ptr == handler) events_[i].data.ptr = nullptr;
  }
}

void EventLoop::Post(std::function<void()> task) {
  bool was_empty;
  {
    const std::lock_guard lock(mutex_);
    was_empty = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (was_empty) Wake();
}

void EventLoop::DropTasks() {
  while (true) {
    std::vector<std::function<void()>> dropped;
    {
      const std::lock_guard lock(mutex_);
      dropped.swap(tasks_);
    }
    if (dropped.empty()) return;
  }
}

void EventLoop::Stop() {
  is_stopped_.store(true, std::memory_order_release);
  Wake();
}

void EventLoop::Wake() {
  // Stop may come in a signal handler: errno stays as it was. EAGAIN, a full counter,
  // cannot be reached by ones.
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  errno = saved_errno;
}

absl::Status EventLoop::Run() {
  SetNow(read_clock_());
  // Acquire: what the thread that called Stop did before is seen after Run.
  while (!is_stopped_.exchange(false, std::memory_order_acquire)) {
    MUSTER_RETURN_IF_ERROR(RunOnce());
  }
  return absl::OkStatus();
}

absl::Status EventLoop::RunOnce(Clock::duration limit) {
  if (before_wait_) before_wait_();
  if (gate_ != nullptr) gate_->BeforeWait();
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), kEventsPerRound, WaitMilliseconds(limit));
  if (count < 0 && errno != EINTR) return ipc::ErrnoStatus("epoll_wait");
  SetNow(read_clock_());
  next_event_ = 0;
  event_count_ = static_cast<std::size_t>(std::max(count, 0));
  if (gate_ != nullptr) PassGate();
  DeliverEvents();
  if (before_each_) before_each_();
  RunDue();
  if (is_woken_) RunTasks();
  return absl::OkStatus();
}

int EventLoop::WaitMilliseconds(Clock::duration limit) const {
  limit = std::min(limit, UntilNext().value_or(limit));
  if (limit <= Clock::duration::zero()) return 0;
  if (limit == Clock::duration::max()) return -1;
  // Up, or the last millisecond before a timer would be spent in empty rounds.
  constexpr auto kMost = std::chrono::milliseconds(std::numeric_limits<int>::max());
  if (limit >= kMost) return static_cast<int>(kMost.count());
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
}

void EventLoop::PassGate() {
  if (before_each_) before_each_();
  if (gate_ == nullptr) return;
  for (std::size_t i = 0; i < event_count_; ++i) {
    if (events_[i].data.ptr != gate_) continue;
    events_[i].data.ptr = nullptr;
    gate_->OnEvents(events_[i].events);
    break;
  }
  if (gate_ != nullptr) gate_->AfterWait();
}

void EventLoop::DeliverEvents() {
  while (next_event_ < event_count_) {
    if (before_each_) before_each_();
    const epoll_event event = events_[next_event_++];
    if (event.data.ptr == nullptr) {
      is_woken_ = true;
    } else {
      static_cast<Handler*>(event.data.ptr)->OnEvents(event.events);
    }
  }
  next_event_ = event_count_ = 0;
}

void EventLoop::RunTasks() {
  is_woken_ = false;
  {
    const std::lock_guard lock(mutex_);
    running_tasks_.swap(tasks_);
  }
  for (const std::function<void()>& task : running_tasks_) task();
  running_tasks_.clear();
}

}  // namespace muster::loop
