#ifndef MUSTER_IPC_LOCK_EVENT_FD_H_
#define MUSTER_IPC_LOCK_EVENT_FD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of an EventFd that is in shared memory. All bytes zero: the consumer is awake. It is no
// EventState, and has no Recover: nobody sleeps on its word, so only a process that has the
// descriptor can wake the consumer.
struct alignas(kCacheLineBytes) EventFdState {
  // Bit 0: armed, so the consumer may be asleep. The other bits count armings. Written by the
  // consumer that arms, and by notifiers. Any value is valid.
  std::atomic<std::uint32_t> word{0};
};
static_assert(sizeof(EventFdState) == 128 && alignof(EventFdState) == 128);
static_assert(offsetof(EventFdState, word) == 0);
static_assert(std::is_standard_layout_v<EventFdState>);
static_assert(std::is_trivially_destructible_v<EventFdState>);

// An event for a consumer that sleeps in epoll. It consists of an eventfd, which all sides hold,
// and a flag in shared memory. While the consumer is awake, a notification costs a fence and no
// system call. One consumer, any number of notifiers. The loop of the consumer:
//
//   event.Arm();                       // then look once more for work
//   epoll_wait(... is_work ? 0 : -1);  // event.fd() is registered for EPOLLIN
//   event.Drain();                     // when fd() is readable
//
// A notifier that dies between its change and its Notify wakes nobody. Whoever recovers the dead
// calls Recover, and needs the descriptor for it. If nobody does both, the consumer must not sleep
// with -1, but for at most recheck_interval(), and then look for work.
//
// No wake is lost when a notifier dies: it writes to the eventfd before it clears the flag. It
// clears the flag by a compare-and-set, which fails if the consumer has armed again. Owns its
// descriptor of the eventfd; `state` must outlive it. Notify is thread-safe; Arm and Drain are for
// the consumer only. A child of fork shares the eventfd and may notify.
class EventFd {
 public:
  // Makes a non-blocking, close-on-exec eventfd. Fails with the kernel's error when this process
  // has no free descriptor.
  static absl::StatusOr<EventFd> Create(EventFdState* state, const Registry& registry);
  // Uses an eventfd that was received over a channel or duplicated before a fork. Uses only the
  // recheck interval of `registry`, which need not outlive the constructor.
  EventFd(EventFdState* state, const Registry& registry, UniqueFd fd)
      : state_(state), recheck_interval_(registry.recheck_interval()), fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  // How long a consumer that nobody recovers may sleep. At least a millisecond.
  absl::Duration recheck_interval() const { return recheck_interval_; }

  // Requests a wake. Call it before the last look for work, and then sleep.
  void Arm();
  // Makes fd() unreadable. False: it was not readable. Never blocks.
  bool Drain();

  // Costs a fence, and a write to the eventfd if the consumer has armed. Never blocks.
  void Notify();

  // Call it for each participant that died, since it may have published something without
  // notifying. Wakes the consumer, and leaves its request, so that who notifies later writes, too.
  // Idempotent. Returns false: an event has no owner.
  bool Recover(OwnerTag dead);

 private:
  void Write() const;

  EventFdState* state_;
  absl::Duration recheck_interval_;
  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_EVENT_FD_H_
