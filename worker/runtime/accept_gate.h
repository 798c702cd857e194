#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_GATE_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_GATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/runtime/listening_socket.h"

namespace muster::worker {

// The accept mutex: of all workers only its holder waits for new connections, so that
// one connection wakes one worker. Each round of the loop it is tried before the wait
// and unlocked after it, before any other work; who did not get it tries again within
// accept_delay. The algorithm is nginx's; the mutex survives its holder's death.
//
// The listeners are in an epoll set of their own, which enters and leaves the loop by one call.
class AcceptGate : public loop::Gate {
 public:
  struct Callbacks {
    // Takes what waits at a listener; others wait for the mutex meanwhile.
    std::function<void(const ListeningSocket&)> accept;
    // Begins to work on what was taken; the mutex is unlocked.
    std::function<void()> work;
  };
  // `listeners` and `mutex` outlive it, in their places.
  static absl::StatusOr<std::unique_ptr<AcceptGate>> Create(
      loop::EventLoop& loop, const std::vector<ListeningSocket>& listeners, ipc::Mutex mutex,
      loop::Clock::duration accept_delay, Callbacks callbacks);
  ~AcceptGate() override;

  // While closed it does not compete for the mutex. Open from the start.
  void SetOpen(bool is_open) { is_open_ = is_open; }
  // Leaves the next `rounds` to the others, unless accept_delay passes before.
  void Skip(std::uint32_t rounds) { rounds_to_skip_ = rounds; }

  void BeforeWait() override;
  void OnEvents(std::uint32_t events) override;
  void AfterWait() override;

 private:
  AcceptGate(loop::EventLoop& loop, ipc::UniqueFd set, ipc::Mutex mutex,
             loop::Clock::duration accept_delay, Callbacks callbacks);
  bool TakeTurn();
  bool Watch();
  void Unwatch();

  loop::EventLoop& loop_;
  ipc::UniqueFd set_;  // epoll, of the listeners
  ipc::Mutex mutex_;
  loop::Clock::duration accept_delay_;
  Callbacks callbacks_;
  loop::Timer retry_;
  bool is_open_ = true;
  bool is_watching_ = false;  // set_ is in the loop; not without the mutex while it waits
  bool holds_mutex_ = false;
  std::uint32_t rounds_to_skip_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_GATE_H_
