#ifndef MUSTER_IPC_LOCK_EVENT_FD_H_
#define MUSTER_IPC_LOCK_EVENT_FD_H_

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// An event for a consumer that sleeps in epoll. It consists of an eventfd, which all sides hold,
// and a flag in shared memory. While the consumer is awake, a notification costs a fence and no
// system call. One consumer, any number of notifiers. The loop of the consumer:
//
//   event.Arm();                       // then look once more for work
//   epoll_wait(... is_work ? 0 : -1);  // event.fd() is registered for EPOLLIN
//   event.Drain();                     // when fd() is readable
//
// No wake is lost when a notifier dies: it writes to the eventfd before it clears the flag. It
// clears the flag by a compare-and-set, which fails if the consumer has armed again. Owns its
// descriptor of the eventfd; `state` must outlive it. Notify is thread-safe; Arm and Drain are for
// the consumer only. A child of fork shares the eventfd and may notify.
class EventFd {
 public:
  // Makes a non-blocking, close-on-exec eventfd. Fails with the kernel's error when this process
  // has no free descriptor.
  static absl::StatusOr<EventFd> Create(EventState* state);
  // Uses an eventfd that was received over a channel or duplicated before a fork.
  EventFd(EventState* state, UniqueFd fd) : state_(state), fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  // Requests a wake. Call it before the last look for work, and then sleep.
  void Arm();
  // Makes fd() unreadable. False: it was not readable. Never blocks.
  bool Drain();

  // Costs a fence, and a write to the eventfd if the consumer has armed. Never blocks.
  void Notify();

  // Call it for each participant that died, since it may have published something without
  // notifying. Wakes the consumer. Idempotent. Returns false: an event has no owner.
  bool Recover(OwnerTag dead);

 private:
  void Write() const;

  EventState* state_;
  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_EVENT_FD_H_
