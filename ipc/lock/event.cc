#include "muster/ipc/lock/event.h"

#include "muster/ipc/lock/internal/futex.h"

namespace muster::ipc {

using internal::FutexWait;
using internal::FutexWakeAll;
using internal::FutexWakeOne;
using internal::StoreLoadFence;

namespace {

constexpr std::uint32_t kArmed = 1;
constexpr std::uint32_t kOneNotification = 2;

// Every sleeper's word has changed after that and no flag is left, so whoever
// calls this must wake all.
void Disarm(std::atomic<std::uint32_t>& word) {
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in Wait.
  while (!word.compare_exchange_weak(seen, (seen + kOneNotification) & ~kArmed,
                                     std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace

bool EventState::Recover(OwnerTag) {
  Disarm(word);
  if (slept.IsSet()) FutexWakeAll(word);
  return false;
}

Event::Ticket Event::Arm() {
  const Ticket ticket(state_->word.fetch_or(kArmed, std::memory_order_seq_cst) | kArmed);
  // Before the caller looks at its condition: pairs with the fence in IsArmed.
  StoreLoadFence();
  return ticket;
}

bool Event::Wait(Ticket ticket, Deadline deadline) {
  // Acquire: pairs with the release of a notification.
  if (state_->word.load(std::memory_order_acquire) != ticket.word_) return true;
  if (deadline.has_passed()) return false;
  state_->slept.Set();
  // Shorter than the deadline: a notifier may have died between its change and the
  // notification, with nobody to broadcast that.
  FutexWait(state_->word, ticket.word_, Earlier(deadline, Deadline::After(recheck_interval_)));
  return state_->word.load(std::memory_order_acquire) != ticket.word_ || !deadline.has_passed();
}

void Event::NotifyAllSlowly() {
  Disarm(state_->word);
  FutexWakeAll(state_->word);
}

void Event::NotifyOneSlowly() {
  // The flag stays: others may sleep on. Release: pairs with the acquire in Wait.
  state_->word.fetch_add(kOneNotification, std::memory_order_release);
  // Not zero: somebody was woken, or the memory is gone, since who found the change unmapped it.
  if (FutexWakeOne(state_->word) != 0) return;
  // Nobody slept, so the next notification should be cheap again. Who fell asleep
  // since then would miss it, so wake them.
  NotifyAllSlowly();
}

}  // namespace muster::ipc
