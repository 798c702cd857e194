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
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of an event that lies in shared memory. All bytes zero: nobody waits.
struct alignas(kCacheLineBytes) EventState {
  // Bit 0: armed, somebody may sleep. The rest counts notifications. Written by
  // who arms, who notifies and Recover; any value is a valid one.
  std::atomic<std::uint32_t> word{0};

  // For each participant that died: what it was about to tell it will not tell
  // any more, and a wake may have gone to it. Everybody looks again. Idempotent. False: nobody
  // holds an event.
  bool Recover(OwnerTag dead);
};
static_assert(sizeof(EventState) == 128 && alignof(EventState) == 128);
static_assert(offsetof(EventState, word) == 0);
static_assert(std::is_standard_layout_v<EventState>);
static_assert(std::is_trivially_destructible_v<EventState>);

// Sleeps until something in shared memory is so (an event count). Who changes it
// notifies afterwards, for the price of a fence while nobody waits:
//
//   consumer                                          producer
//   event.Await([&] { return !queue.is_empty(); });   queue.Push(item);
//                                                     event.NotifyOne();
//
// What the condition reads must be atomic; the event is no lock. Thread-safe. Any
// number of processes wait and notify, and a child of fork may use its copy. `state` outlives it.
// For an epoll loop: event_fd.h.
class Event {
 public:
  // Of `registry` only the recheck interval matters.
  Event(EventState* state, const Registry& registry)
      : word_(&state->word), recheck_interval_(registry.recheck_interval()) {}

  // Sleeps until `is_ready()` is true, which is called at least once, and returns
  // it. False: not before `deadline`.
  template <typename Condition>
  bool Await(Condition is_ready, Deadline deadline = Deadline::Never());

  // The same in parts. Arm, look at the condition, then Wait: a notification after Arm
  // ends that wait, also if it came before it.
  class Ticket;
  Ticket Arm();
  // False: `deadline` passed. True: notified, or for other reasons worth a look.
  bool Wait(Ticket ticket, Deadline deadline);

  // Wakes at least one of those who wait.
  void NotifyOne() {
    if (IsArmed()) NotifyOneSlowly();
  }
  void NotifyAll() {
    if (IsArmed()) NotifyAllSlowly();
  }

 private:
  bool IsArmed() {
#if defined(__SANITIZE_THREAD__)
    // In place of the fence, which ThreadSanitizer does not know.
    return word_->fetch_or(0, std::memory_order_seq_cst) & 1;
#else
    // Pairs with the fence in Arm: of the two sides, one sees the other's store.
    internal::StoreLoadFence();
    return word_->load(std::memory_order_relaxed) & 1;
#endif
  }
  void NotifyOneSlowly();
  void NotifyAllSlowly();

  std::atomic<std::uint32_t>* word_;
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
    // Once more: it may have become so before the notifier could see the arming.
    if (is_ready()) return true;
    if (!Wait(ticket, deadline)) return is_ready();
  }
  return true;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_EVENT_H_
