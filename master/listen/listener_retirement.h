#ifndef MUSTER_MASTER_LISTEN_LISTENER_RETIREMENT_H_
#define MUSTER_MASTER_LISTEN_LISTENER_RETIREMENT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"

namespace muster::master {

// Ends the sockets whose addresses are served no more, without a reset for a client that the kernel
// has admitted. Each first admits nobody (Listener::Retire). Then it is accepted empty for a
// second, in which handshakes that have begun come to their end, and its connections are given to
// those who serve. Then it ends in all processes, and is closed, or reserves its address, if it may
// be wanted back. In the loop's thread. No call blocks.
class ListenerRetirement {
 public:
  // So long a socket is there at least, and at most, if nobody takes its connections.
  static constexpr std::chrono::seconds kLeast{1};
  static constexpr std::chrono::seconds kMost{5};

  struct Callbacks {
    // Gives a connection that was just accepted to those who serve, with what they have to know of
    // its listener (worker/protocol/fresh_state.h). False: it cannot now. The descriptor stays the
    // caller's.
    std::function<bool(int connection, const std::string& state)> give;
    // Whether the socket is to reserve its address at its end.
    std::function<bool(const Listener&)> is_wanted_back;
    // So many connections of the address were closed at the end, since nobody took them.
    std::function<void(const std::string& address, std::size_t connections)> closed;
    // The last socket has come to its end.
    std::function<void()> over;
  };

  // `loop` outlives it.
  ListenerRetirement(loop::EventLoop& loop, Callbacks callbacks);
  // Closes the sockets at once.
  ~ListenerRetirement();
  ListenerRetirement(const ListenerRetirement&) = delete;
  ListenerRetirement& operator=(const ListenerRetirement&) = delete;

  // Begins for those of `dropped` that listen, are not a service manager's and are not here yet.
  // All have one user, which is the service.
  void Begin(const ListenerSet& dropped);
  // Those that admit clients again (Listener::Listen) are none of its business any more.
  void Release();
  // Closes all, with those that wait. `over` is not called.
  void Clear();
  // Whether a socket is on the way to its end.
  bool is_under_way() const { return !retirees_.empty(); }

  // For a configuration that wants one of them again.
  const ListenerSet& sockets() const { return sockets_; }

 private:
  class Retiree;

  void Remove(const Retiree* ended);
  void KeepThoseThatGoOn();

  loop::EventLoop& loop_;
  const Callbacks callbacks_;
  std::vector<std::unique_ptr<Retiree>> retirees_;
  ListenerSet sockets_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_RETIREMENT_H_
