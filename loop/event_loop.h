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
#include "muster/loop/timer_heap.h"

namespace muster::loop {

// Takes the readiness of one descriptor.
class Handler {
 public:
  virtual ~Handler() = default;
  // `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, ... May add, change and remove any
  // handler, itself included, and delete what it removed.
  virtual void OnEvents(std::uint32_t events) = 0;
};

// A handler with a place of its own in each round: the last word before the wait, and the
// first after it. What is locked for the wait can so be unlocked before any other handler works.
class Gate : public Handler {
 public:
  virtual void BeforeWait() = 0;
  // In every round: after the gate's own OnEvents, if there is one, before all others'.
  virtual void AfterWait() = 0;
};

class EventLoop;

// Calls `callback` once at its deadline, or up to a millisecond later. Its owner destroys it before
// the loop; destruction disarms it. The callback may arm it again or destroy it. To cancel
// it, or to move it later, costs O(1): the loop looks again when the earlier deadline comes.
class Timer : private TimerHeap::Node {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms it, or moves its deadline. A deadline that is past comes in the next round.
  void Set(TimePoint deadline);
  void SetAfter(Clock::duration delay);  // from loop.now()
  void Cancel() { is_armed_ = false; }
  bool is_armed() const { return is_armed_; }

 private:
  friend class EventLoop;

  EventLoop& loop_;
  std::function<void()> callback_;
  TimePoint deadline_;  // of an armed one; never before its time in the heap
  bool is_armed_ = false;
};

// One thread's epoll set with timers and tasks from other threads. Everything but Post
// and Stop belongs to the thread that runs it. Not for use across fork.
class EventLoop {
 public:
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Level-triggered unless `events` has EPOLLET. `handler` outlives the registration, and
  // has no other descriptor; the descriptor stays the caller's, who removes it before closing it.
  absl::Status Add(int fd, std::uint32_t events, Handler* handler);
  absl::Status Modify(int fd, std::uint32_t events, Handler* handler);
  // Events of this round that were not delivered yet are dropped.
  void Remove(int fd, Handler* handler);

  // Gives `gate` its place; it is added and removed as any other handler. Null: no gate.
  void SetGate(Gate* gate) { gate_ = gate; }

  // Runs `task` in the loop's thread, in the order of the calls. Thread-safe, never blocks
  // but for a short mutex. Tasks that are left when the loop is destroyed are dropped.
  void Post(std::function<void()> task);
  // Destroys the tasks that wait, those too that are posted meanwhile.
  void DropTasks();

  // Runs until Stop. Error: epoll_wait failed.
  absl::Status Run();
  // One round: waits for events, the next timer or `limit`, whichever comes first, and
  // delivers: descriptors, then timers, then tasks. Not to be called by what it calls.
  absl::Status RunOnce(Clock::duration limit = Clock::duration::max());
  // Ends Run after this round; a Run that has not begun ends at once. Safe in other
  // threads and in signal handlers.
  void Stop();

  // Called before each wait; a service uses it to do what was put together in a round.
  void SetBeforeWait(std::function<void()> callback) { before_wait_ = std::move(callback); }

  // The time at which this round's events came; one clock reading a round.
  TimePoint now() const { return now_; }

 private:
  friend class Timer;
  static constexpr std::size_t kEventsPerRound = 256;

  EventLoop(ipc::UniqueFd epoll, ipc::UniqueFd wake);
  absl::Status Control(int operation, int fd, std::uint32_t events, Handler* handler);
  void Wake();
  void Drop(const Handler* handler);
  int WaitMilliseconds(Clock::duration limit) const;
  void PassGate();
  void DeliverEvents();
  void RunTimers();
  void RunTasks();

  ipc::UniqueFd epoll_;
  ipc::UniqueFd wake_;  // eventfd, edge-triggered, so that nobody need read it
  TimePoint now_;
  Gate* gate_ = nullptr;
  std::function<void()> before_wait_;

  // Of this round: [next_event_, event_count_) are not delivered yet. A null handler stands for
  // the wake, and for a handler that was removed.
  std::array<epoll_event, kEventsPerRound> events_;
  std::size_t next_event_ = 0;
  std::size_t event_count_ = 0;
  bool is_woken_ = false;

  TimerHeap timers_;
  bool is_running_timers_ = false;
  Timer* running_timer_ = nullptr;  // null once it was destroyed by its callback

  std::vector<std::function<void()>> running_tasks_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_EVENT_LOOP_H_
