#ifndef LOOP_EVENT_LOOP_H_
#define LOOP_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/unique_fd.h"

namespace muster::loop {

// CLOCK_MONOTONIC.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

// Takes the readiness of one descriptor.
class Handler {
 public:
  virtual ~Handler() = default;
  // `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, ... May add, change and remove any
  // handler, itself included, and delete what it removed.
  virtual void OnEvents(std::uint32_t events) = 0;
};

class EventLoop;

// Calls `callback` once at its deadline. The owner keeps it alive while it is armed;
// destruction disarms it. The callback may arm it again or destroy it.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms it, or moves its deadline. To move it later costs O(1): the loop looks again when
  // the earlier deadline comes.
  void Set(TimePoint deadline);
  void SetAfter(Clock::duration delay);  // from loop.now()
  void Cancel();
  bool is_armed() const { return is_armed_; }

 private:
  friend class EventLoop;
  static constexpr std::size_t kNotInHeap = ~std::size_t{0};

  EventLoop& loop_;
  std::function<void()> callback_;
  TimePoint deadline_;              // when to call
  TimePoint scheduled_;             // where it stands in the heap; never after deadline_
  std::size_t index_ = kNotInHeap;  // in the heap
  bool is_armed_ = false;
};

// One thread's epoll set with timers and tasks from other threads. Everything but Post
// and Stop belongs to the thread that runs it. Not for use across fork.
class EventLoop {
 public:
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Level-triggered unless `events` has EPOLLET. `handler` outlives the registration; the
  // descriptor stays the caller's, who removes it before closing it.
  absl::Status Add(int fd, std::uint32_t events, Handler* handler);
  absl::Status Modify(int fd, std::uint32_t events, Handler* handler);
  // Events of this round that were not delivered yet are dropped.
  void Remove(int fd, Handler* handler);

  // Runs `task` in the loop's thread, in the order of the calls. Thread-safe, never blocks
  // but for a short mutex. Tasks that are left when the loop is destroyed are dropped.
  void Post(std::function<void()> task);

  // Runs until Stop. Error: epoll_wait failed.
  absl::Status Run();
  // One round: waits for events, the next timer or `limit`, whichever comes first, and
  // delivers: descriptors, then timers, then tasks.
  absl::Status RunOnce(Clock::duration limit = Clock::duration::max());
  // Ends Run after this round. Thread-safe.
  void Stop();

  // Called before each wait; a service uses it to do what was put together in a round.
  void SetBeforeWait(std::function<void()> callback);

  // The time at which this round's events came; one clock reading a round.
  TimePoint now() const { return now_; }

 private:
  friend class Timer;
  EventLoop(ipc::UniqueFd epoll, ipc::UniqueFd wake);
};

}  // namespace muster::loop

#endif  // LOOP_EVENT_LOOP_H_
