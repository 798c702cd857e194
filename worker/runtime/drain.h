#ifndef MUSTER_WORKER_RUNTIME_DRAIN_H_
#define MUSTER_WORKER_RUNTIME_DRAIN_H_

#include <functional>
#include <optional>

#include "muster/loop/clock.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/worker/runtime/accept/acceptor.h"
#include "muster/worker/runtime/accept/admission.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/handoff/handoff_queue.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/threads/thread_pool.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// What a worker does on DRAIN (Idle::kHandOff) and on QUIT (Idle::kClose), from the command to the
// moment at which its process may exit. DRAIN means that other workers serve on. QUIT means that
// nobody will; the end of the master is taken for it. docs/PROTOCOL.md and docs/HANDOFF.md describe
// the same from outside.
//
// Begin does this, in this order:
// 1. It calls `begun` and arms the deadline.
// 2. With DRAIN it stops taking connections from the handoff queue: they are for others. With QUIT
//    it takes all of them, since nobody else will, and goes on so until its end. Then it stops the
//    acceptor. With DRAIN it gives the connections that wait in the listeners to the others
//    unread, since the kernel may have told this worker alone, and those whose header of a proxy is
//    not complete. With QUIT it closes those.
// 3. It calls Service::Drain. The service finishes what is in flight, and hands off or closes the
//    connections that are idle. Those for which other workers have no room it keeps and serves.
// 4. With QUIT it takes back the connections that were to be handed off and are not sent yet. The
//    service, which drains already, adopts and closes them.
//
// QUIT after DRAIN does steps 2 to 4; the first deadline stays. Every other repetition has no
// effect. The drain is done when the worker holds no connection any more, and what it gave away is
// taken. At the deadline, `shutdown_timeout` after the first command, it is done in any case: the
// rest is counted in closed_at_deadline and logged, with the requests that have begun on it in
// requests_cut, and closed by the exit.
//
// The tasks of the service's threads count, too. As long as there are connections, the service may
// submit more of them. Once there are none, no more are taken, and those that do not outlast
// clients are cancelled. The drain is done when all have ended and their completions were called.
//
// TERMINATE is not a drain: the worker exits at once (worker_process.h). In the loop's thread.
class Drain {
 public:
  // All of it outlives this. `timers`: the loop.
  struct Surroundings {
    loop::TimerQueue& timers;
    const ErrorLog& log;
    const ConnectionCount& connections;
    SlotStats& stats;
    WorkerStatus& status;
    Acceptor& acceptor;
    Admission& admission;
    HandoffQueue& handoff;
    Service& service;
    ThreadPool& threads;
  };

  // `begun` is called once, when has_begun() has become true and before anything is closed.
  Drain(const Surroundings& surroundings, loop::Clock::duration shutdown_timeout,
        std::function<void()> begun);

  void Begin(Service::Idle idle);
  // To be called when the handoff queue has room for connections that were kept.
  void OnHandoffRoom();

  // To be called after each round of the loop.
  void AfterRound();

  bool has_begun() const { return idle_.has_value(); }
  bool is_done() const {
    return has_begun() &&
           (is_deadline_over_ || (HasNoClient() && around_.threads.load().unfinished == 0));
  }

 private:
  void OnDeadline();
  bool HasNoClient() const {
    return around_.connections.held() == 0 && around_.handoff.is_settled();
  }
  Admission::Successors Successors();

  Surroundings around_;
  loop::Clock::duration shutdown_timeout_;
  std::function<void()> begun_;
  loop::Timer deadline_;
  std::optional<Service::Idle> idle_;  // set: it has begun
  bool is_deadline_over_ = false;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_DRAIN_H_
