#ifndef MUSTER_LOOP_EVENT_LOOP_H_
#define MUSTER_LOOP_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer_queue.h"

namespace muster::loop {

// One thread's epoll set, with timers (loop/timer.h) and with tasks from other threads. Its now()
// is the time at which the events of the current round came; it reads the clock once in a round.
// One thread owns and runs it. Only Post and Stop may be called from other threads. Not for use
// across fork.
class EventLoop : public TimerQueue {
 public:
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  // For tests: its time is what `read_clock` returns. Waits are real: a round that is to wait for a
  // timer should have a limit.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(std::function<TimePoint()> read_clock);

  // Calls `handler` when one of `events` (EPOLLIN, ...) comes. Level-triggered unless `events` has
  // EPOLLET. The handler must outlive the registration and may have no other descriptor. The
  // descriptor stays the caller's, who removes it before closing it.
  absl::Status Add(int fd, std::uint32_t events, Handler* handler);
  absl::Status Modify(int fd, std::uint32_t events, Handler* handler);
  // Drops the handler's events of this round that were not delivered yet. `fd` must be added.
  void Remove(int fd, Handler* handler);

  // Makes `gate` the loop's gate. It is added and removed as any other handler. Null: no gate.
  void SetGate(Gate* gate) { gate_ = gate; }

  // Runs `task` in the loop's thread, after the handlers and timers of a round. Tasks run in the
  // order of the calls. Thread-safe. Does not block, except for a short mutex. Tasks that are left
  // when the loop is destroyed are dropped.
  void Post(std::function<void()> task);
  // Destroys all waiting tasks, and those that their destructors post.
  void DropTasks();

  // Runs rounds until Stop. Error: epoll_wait failed.
  absl::Status Run();
  // Runs one round. Waits for events, for the next timer, or for `limit`, whichever comes first.
  // Then calls handlers, timers and tasks, in this order. Not reentrant. Error: epoll_wait failed.
  absl::Status RunOnce(Clock::duration limit = Clock::duration::max());
  // How long a round would wait for a timer: as TimerQueue::UntilNext.
  using TimerQueue::UntilNext;
  // Ends Run after the current round. If Run has not begun, it will end at once. Safe from other
  // threads and in signal handlers.
  void Stop();

  // Sets the function that is called before each wait. A service uses it to do at once what it
  // collected during a round. It is called before the gate's BeforeWait.
  void SetBeforeWait(std::function<void()> callback) { before_wait_ = std::move(callback); }

  // Sets the function that is called before each handler, before the gate and before the timers of
  // a round, for what may not wait for the end of a round. It may remove any handler. It must be
  // cheap: it is called once for each event.
  void SetBeforeEach(std::function<void()> callback) { before_each_ = std::move(callback); }

 private:
  static constexpr std::size_t kEventsPerRound = 256;

  EventLoop(std::function<TimePoint()> read_clock, ipc::UniqueFd epoll, ipc::UniqueFd wake);
  absl::Status Control(int operation, int fd, std::uint32_t events, Handler* handler);
  void Wake();
  void Drop(const Handler* handler);
  int WaitMilliseconds(Clock::duration limit) const;
  void PassGate();
  void DeliverEvents();
  void RunTasks();

  const std::function<TimePoint()> read_clock_;
  ipc::UniqueFd epoll_;
  ipc::UniqueFd wake_;  // eventfd, edge-triggered, so that it need not be read
  Gate* gate_ = nullptr;
  std::function<void()> before_wait_;
  std::function<void()> before_each_;

  // Of this round: [next_event_, event_count_) are not delivered yet. A null handler means the
  // wake, or a handler that was removed.
  std::array<epoll_event, kEventsPerRound> events_;
  std::size_t next_event_ = 0;
  std::size_t event_count_ = 0;
  bool is_woken_ = false;

  std::vector<std::function<void()>> running_tasks_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_EVENT_LOOP_H_
