#ifndef MUSTER_IPC_LOCK_EVENT_H_
#define MUSTER_IPC_LOCK_EVENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/time/time.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/fence.h"
#include "muster/ipc/lock/internal/sleep_mark.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of an event that is in shared memory. All bytes zero: nobody waits.
struct alignas(kCacheLineBytes) EventState {
  // Bit 0: armed, so somebody may be asleep. The other bits count notifications. Written by waiters
  // that arm, by notifiers and by Recover. Any value is valid.
  std::atomic<std::uint32_t> word{0};
  // Written by waiters that sleep.
  internal::SleepMark slept;

  // Call it for each participant that died, after Registry::MarkDead. The dead one may have changed
  // the condition without a notification, or consumed a wake. So this wakes all waiters, and each
  // evaluates its condition again. It makes no system call if nobody ever slept. Idempotent.
  // Returns false: an event has no owner.
  bool Recover(OwnerTag dead);
};
static_assert(sizeof(EventState) == 128 && alignof(EventState) == 128);
static_assert(offsetof(EventState, word) == 0 && offsetof(EventState, slept) == 4);
static_assert(std::is_standard_layout_v<EventState>);
static_assert(std::is_trivially_destructible_v<EventState>);

// Sleeps until a condition on shared memory is true: an event count on a futex. The process that
// changes the condition notifies afterwards. While nobody waits, this costs only a fence:
//
//   consumer                                          producer
//   event.Await([&] { return !queue.is_empty(); });   queue.Push(item);
//                                                     event.NotifyOne();
//
// The condition must read atomics, since the event is not a lock. Thread-safe. Any number of
// processes may wait and notify, and a child of fork may use its copy. `state` must outlive it.
// For consumers that sleep in epoll: event_fd.h.
class Event {
 public:
  // Uses only the recheck interval of `registry`, which need not outlive the constructor.
  Event(EventState* state, const Registry& registry)
      : state_(state), recheck_interval_(registry.recheck_interval()) {}

  // Blocks until `is_ready()` returns true or `deadline` has passed, and returns its last result.
  // Calls it at least once, and again after each wake.
  template <typename Condition>
  bool Await(Condition is_ready, Deadline deadline = Deadline::Never());

  // The steps of Await: call Arm, evaluate the condition, then call Wait with the ticket. A
  // notification after Arm ends that Wait, even if it comes before Wait begins.
  class Ticket;
  Ticket Arm();
  // Blocks. False: `deadline` passed. True: evaluate the condition again; there was a notification,
  // or a wake for another reason.
  bool Wait(Ticket ticket, Deadline deadline);

  // NotifyOne wakes at least one waiter, NotifyAll wakes all. Neither blocks.
  void NotifyOne() {
    if (IsArmed()) NotifyOneSlowly();
  }
  void NotifyAll() {
    if (IsArmed()) NotifyAllSlowly();
  }

 private:
  bool IsArmed() {
#if defined(__SANITIZE_THREAD__)
    // Instead of the fence, which ThreadSanitizer does not support.
    return state_->word.fetch_or(0, std::memory_order_seq_cst) & 1;
#else
    // Pairs with the fence in Arm: at least one of the two sides sees the store of the other.
    internal::StoreLoadFence();
    return state_->word.load(std::memory_order_relaxed) & 1;
#endif
  }
  void NotifyOneSlowly();
  void NotifyAllSlowly();

  EventState* state_;
  absl::Duration recheck_interval_;
};

class Event::Ticket {
 private:
  friend class Event;
  explicit Ticket(std::uint32_t word) : word_(word) {}
  std::uint32_t word_;
};

template <typename Condition>
bool Event::Await(Condition is_ready, Deadline deadline) {
  while (!is_ready()) {
    const Ticket ticket = Arm();
    // Once more: it may have become true before the notifier could see the armed bit.
    if (is_ready()) return true;
    if (!Wait(ticket, deadline)) return is_ready();
  }
  return true;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_EVENT_H_
