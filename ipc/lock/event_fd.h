#ifndef MUSTER_IPC_LOCK_EVENT_FD_H_
#define MUSTER_IPC_LOCK_EVENT_FD_H_

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// An event for a consumer that sleeps in epoll: an eventfd, which all sides hold, and
// a flag in shared memory, so that notifying costs a fence and no system call while
// the consumer is awake. One consumer; any number of notifiers. Its loop:
//
//   event.Arm();                       // then look once more for work
//   epoll_wait(... is_work ? 0 : -1);  // event.fd() is registered for EPOLLIN
//   event.Drain();                     // when fd() is readable
//
// A death loses no wake: a notifier writes to the eventfd before it lowers the
// flag, and lowers it only as it was, not when the consumer has armed again. `state`
// outlives it. Thread-safe for notifiers; Arm and Drain are the consumer's. A child of fork shares
// the eventfd and may notify.
class EventFd {
 public:
  // Non-blocking and close-on-exec.
  static absl::StatusOr<EventFd> Create(EventState* state);
  // Of an eventfd that came over a channel or from before the fork.
  EventFd(EventState* state, UniqueFd fd) : state_(state), fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  void Arm();
  // Makes fd() unreadable; false: it was not readable. Never blocks.
  bool Drain();

  // For the price of a fence, or of a write to the eventfd if the consumer armed. Never blocks.
  void Notify();

  // After a participant's death: what it published it perhaps did not notify. Wakes
  // the consumer. Idempotent. False: nobody holds an event.
  bool Recover(OwnerTag dead);

 private:
  void Write() const;

  EventState* state_;
  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_EVENT_FD_H_
