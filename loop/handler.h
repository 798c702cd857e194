#ifndef MUSTER_LOOP_HANDLER_H_
#define MUSTER_LOOP_HANDLER_H_

#include <cstdint>

namespace muster::loop {

// Receives the readiness of one descriptor that was added to an EventLoop, in the loop's thread.
class Handler {
 public:
  virtual ~Handler() = default;
  // `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, ... of <sys/epoll.h>. Must not block. May
  // add, change and remove any handler, itself included, and delete a handler that it removed.
  virtual void OnEvents(std::uint32_t events) = 0;
};

// A handler that the loop calls at fixed places in each round: last before the wait, and first
// after it. So it can unlock what is locked for the wait before any other handler works. A loop has
// at most one.
class Gate : public Handler {
 public:
  virtual void BeforeWait() = 0;
  // In every round, whether the gate had events or not: after its own OnEvents and before the
  // OnEvents of all others.
  virtual void AfterWait() = 0;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_HANDLER_H_
