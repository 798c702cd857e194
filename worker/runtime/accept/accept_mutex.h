#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPT_MUTEX_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPT_MUTEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/accept/listening_socket.h"

namespace muster::worker {

// The accept mutex, and where the worker counts how often it got it (WorkerStatus::accept_turns).
// The memory of both outlives it.
struct AcceptTurns {
  ipc::Mutex mutex;
  ipc::Gauge& count;
};

// What a worker does with the accept mutex (accept: MUTEX). Of all workers only the mutex's owner
// waits for new connections, so that one connection wakes one worker. In each round of the loop the
// worker tries to lock it before the wait. It unlocks it after the wait, before any other work. A
// worker that failed to lock it tries again within accept_delay. The algorithm is nginx's. The
// mutex itself is in the shared zone and survives the death of its owner. A turn ends within
// AcceptMutexWatch::kLongestTurn, also if no client comes, so that the master can tell a stopped
// owner from an idle one. It takes the mutex from the stopped one, which then accepts without it
// until the end of its turn.
//
// The listeners are in an epoll set of their own, which enters and leaves the loop by one call. In
// the loop's thread, and the loop's only gate.
class AcceptMutex : public loop::Gate {
 public:
  struct Callbacks {
    // Takes the connections that wait at a listener. Other workers wait for the mutex meanwhile.
    std::function<void(const ListeningSocket&)> accept;
    // Begins to work on the connections that were taken. The mutex is unlocked.
    std::function<void()> work;
  };
  // `loop` and `listeners` outlive it. The listeners may not move.
  static absl::StatusOr<std::unique_ptr<AcceptMutex>> Create(
      loop::EventLoop& loop, const std::vector<ListeningSocket>& listeners, AcceptTurns turns,
      loop::Clock::duration accept_delay, Callbacks callbacks);
  ~AcceptMutex() override;

  // While closed it does not compete for the mutex. Open from the start.
  void SetOpen(bool is_open) { is_open_ = is_open; }
  // Does not try to lock in the next `rounds` rounds, unless accept_delay passes before.
  void Skip(std::uint32_t rounds) { rounds_to_skip_ = rounds; }

  void BeforeWait() override;
  void OnEvents(std::uint32_t events) override;
  void AfterWait() override;

 private:
  AcceptMutex(loop::EventLoop& loop, ipc::UniqueFd set, AcceptTurns turns,
              loop::Clock::duration accept_delay, Callbacks callbacks);
  bool TakeTurn();
  bool Watch();
  void Unwatch();

  loop::EventLoop& loop_;
  ipc::UniqueFd set_;  // epoll, of the listeners
  ipc::Mutex mutex_;
  ipc::Gauge& turns_;
  loop::Clock::duration accept_delay_;
  Callbacks callbacks_;
  loop::Timer retry_;
  loop::Timer turn_end_;
  bool is_open_ = true;
  bool is_watching_ = false;  // set_ is in the loop; not without the mutex while it waits
  bool holds_mutex_ = false;
  std::uint32_t rounds_to_skip_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPT_MUTEX_H_
