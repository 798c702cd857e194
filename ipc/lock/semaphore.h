#ifndef MUSTER_IPC_LOCK_SEMAPHORE_H_
#define MUSTER_IPC_LOCK_SEMAPHORE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The OwnerTag of who holds this permit; zero: it is free. Written by who
// acquires and releases it and by Recover.
using PermitWord = std::atomic<std::uint32_t>;

// The part of a semaphore that lies in shared memory. All bytes zero: every permit is free.
template <std::uint32_t kMaxPermits>
struct alignas(kCacheLineBytes) SemaphoreState {
  EventState released;
  std::array<PermitWord, kMaxPermits> owners{};

  // For each participant that died, after Registry::MarkDead: gives its permits
  // back and wakes who waits for one. Idempotent. Returns how many it held.
  std::uint32_t Recover(OwnerTag dead);
};

// Counts what there is a number of. Unlike a sem_t it knows who holds each permit,
// so those of the dead come back. Nobody is told of a death: what the permit stands
// for is for the holder to leave in order, or for the caller of Recover. A
// participant may hold several. One handle per participant, which its threads may share; the
// permits it holds do not end with the handle, and a child of fork has none of them. `state` and
// what `registry` views outlive it.
//
// Everything before a Release happens before what follows the next acquisition
// of that permit.
class Semaphore {
 public:
  // Uses the first `permits` of the state's, the same number in every process.
  template <std::uint32_t kMaxPermits>
  Semaphore(SemaphoreState<kMaxPermits>* state, const Registry& registry, OwnerTag self,
            std::uint32_t permits = kMaxPermits)
      : Semaphore(&state->released,
                  absl::MakeSpan(state->owners).first(std::min(permits, kMaxPermits)), registry,
                  self) {}

  // Each returns the permit that was acquired, to be given to Release.
  std::uint32_t Acquire() { return *AcquireUntil(Deadline::Never()); }
  // Never blocks; also takes a permit that somebody dead holds.
  std::optional<std::uint32_t> TryAcquire() {
    if (TakeFree(first_)) [[likely]]
      return first_;
    return TryAcquireSlowly();
  }
  std::optional<std::uint32_t> AcquireUntil(Deadline deadline) {
    if (TakeFree(first_)) [[likely]]
      return first_;
    return AcquireSlowly(deadline);
  }
  std::optional<std::uint32_t> AcquireFor(absl::Duration wait) {
    return AcquireUntil(Deadline::After(wait));
  }
  // False: this participant does not hold `permit`; nothing was changed. Two threads must not
  // release the same one.
  bool Release(std::uint32_t permit) {
    // Relaxed: while it lives, only this participant puts its tag there and takes it away.
    if (permit >= owners_.size() || owners_[permit].load(std::memory_order_relaxed) != self_.bits())
        [[unlikely]] {
      return false;
    }
    // A store, not a compare-and-set: nobody takes a permit from a live holder. Should it die
    // here, Recover finds the tag, or nobody's permit and wakes all. Release: pairs with the
    // acquire of the next holder.
    owners_[permit].store(0, std::memory_order_release);
    released_.NotifyOne();
    return true;
  }

  // A moment's number of permits that are free.
  std::uint32_t available() const;

 private:
  Semaphore(EventState* released, absl::Span<PermitWord> owners, const Registry& registry,
            OwnerTag self);

  bool TakeFree(std::uint32_t permit) {
    std::uint32_t free = 0;
    // Acquire: pairs with the release in Release and RecoverPermits.
    return owners_[permit].compare_exchange_strong(free, self_.bits(), std::memory_order_acquire,
                                                   std::memory_order_relaxed);
  }
  std::optional<std::uint32_t> TryAcquireSlowly();
  std::optional<std::uint32_t> AcquireSlowly(Deadline deadline);

  Event released_;
  absl::Span<PermitWord> owners_;
  Registry registry_;
  OwnerTag self_;
  // Where this participant begins to look, so that participants seldom meet.
  std::uint32_t first_;
};

std::uint32_t RecoverPermits(EventState& released, absl::Span<PermitWord> owners, OwnerTag dead);

template <std::uint32_t kMaxPermits>
std::uint32_t SemaphoreState<kMaxPermits>::Recover(OwnerTag dead) {
  static_assert(offsetof(SemaphoreState, owners) == 128);
  static_assert(std::is_standard_layout_v<SemaphoreState>);
  static_assert(std::is_trivially_destructible_v<SemaphoreState>);
  return RecoverPermits(released, absl::MakeSpan(owners), dead);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_SEMAPHORE_H_
