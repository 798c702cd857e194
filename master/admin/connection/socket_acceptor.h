#ifndef MUSTER_MASTER_ADMIN_CONNECTION_SOCKET_ACCEPTOR_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_SOCKET_ACCEPTOR_H_

#include <chrono>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Accepts the connections of one listening socket in the loop, a bounded number in a round. When
// the process or the machine has no descriptors or no memory for one more, it pauses and tries
// again by a timer, and logs that once; connections wait in the socket's queue meanwhile. In the
// loop's thread.
class SocketAcceptor final : public loop::Handler {
 public:
  static constexpr std::chrono::milliseconds kPause{100};
  static constexpr int kMostPerRound = 16;

  // `on_connection` gets each connection, non-blocking and close-on-exec, and this, which it may
  // pause. `loop` and `log` outlive it.
  using OnConnection = std::function<void(SocketAcceptor&, ipc::UniqueFd)>;
  SocketAcceptor(loop::EventLoop& loop, Log& log, OnConnection on_connection);
  ~SocketAcceptor() override;

  // Accepts from `listener` from now on, and from none that it had before. The descriptor stays the
  // caller's, and is open until the next call or the end of this.
  absl::Status Listen(int listener);

  // Whether connections are left in the queue for the caller's own reasons.
  void SetPaused(bool is_paused);
  // As after a failed accept: a connection could not be taken for want of descriptors. `problem` is
  // for the log.
  void PauseForWant(const absl::Status& problem);

 private:
  void OnEvents(std::uint32_t events) override;
  void Update();
  void Unwatch();

  loop::EventLoop& loop_;
  Log& log_;
  const OnConnection on_connection_;
  loop::Timer again_;  // armed while it pauses for want of descriptors
  int listener_ = -1;
  bool is_watched_ = false;
  bool is_paused_ = false;
  bool is_in_want_ = false;  // since it was logged; until a connection is accepted
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_SOCKET_ACCEPTOR_H_
