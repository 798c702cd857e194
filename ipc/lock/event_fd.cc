#include "muster/ipc/lock/event_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/fence.h"

namespace muster::ipc {

using internal::StoreLoadFence;

namespace {

constexpr std::uint32_t kArmed = 1;
constexpr std::uint32_t kOneArming = 2;

}  // namespace

absl::StatusOr<EventFd> EventFd::Create(EventFdState* state, const Registry& registry) {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus("eventfd");
  return EventFd(state, registry, std::move(fd));
}

void EventFd::Arm() {
  // Relaxed: the fence orders it, and only the consumer arms, so that the count
  // tells one arming from the next.
  std::uint32_t seen = state_->word.load(std::memory_order_relaxed);
  while (!state_->word.compare_exchange_weak(
      seen, (seen + kOneArming) | kArmed, std::memory_order_seq_cst, std::memory_order_relaxed)) {
  }
  // Before the consumer looks for work: pairs with the fence in Notify.
  StoreLoadFence();
}

bool EventFd::Drain() {
  std::uint64_t count;
  return RetryOnEintr([&] { return ::read(fd_.get(), &count, sizeof count); }) == sizeof count;
}

void EventFd::Write() const {
  const std::uint64_t one = 1;
  // EAGAIN: the count is at its limit, so the eventfd is readable anyway.
  RetryOnEintr([&] { return ::write(fd_.get(), &one, sizeof one); });
}

void EventFd::Notify() {
#if defined(__SANITIZE_THREAD__)
  // In place of the fence, which ThreadSanitizer does not know.
  std::uint32_t seen = state_->word.fetch_or(0, std::memory_order_seq_cst);
#else
  // Pairs with the fence in Arm: of the two sides, one sees the other's store.
  StoreLoadFence();
  std::uint32_t seen = state_->word.load(std::memory_order_relaxed);
#endif
  if (!(seen & kArmed)) return;
  Write();
  // Relaxed: the eventfd has carried the news. If this fails, the consumer has
  // armed again or another notifier was first.
  state_->word.compare_exchange_strong(seen, seen & ~kArmed, std::memory_order_relaxed);
}

bool EventFd::Recover(OwnerTag) {
  // Whether or not it is armed, and without a change of that: a recoverer that took the request
  // away and died here would leave a sleeper that no notifier knows of.
  Write();
  return false;
}

}  // namespace muster::ipc
