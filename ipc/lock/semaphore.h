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

// The OwnerTag of the participant that holds a permit. Zero: the permit is free. Written by
// participants that acquire and release it, and by Recover.
using PermitWord = std::atomic<std::uint32_t>;

// The part of a semaphore that is in shared memory. All bytes zero: every permit is free.
template <std::uint32_t kMaxPermits>
struct alignas(kCacheLineBytes) SemaphoreState {
  EventState released;
  std::array<PermitWord, kMaxPermits> owners{};

  // Call it for each participant that died, after Registry::MarkDead. It releases the permits of
  // `dead` and wakes all waiters. Idempotent. Returns how many permits `dead` held.
  std::uint32_t Recover(OwnerTag dead);
};

// Limits how many participants use something at a time. Unlike a sem_t, it stores the holder of
// each permit, so the permits of a dead participant are released. The next holder gets no report of
// the death. So a holder must keep the thing that a permit stands for in order at all times, or the
// caller of Recover must repair it.
//
// A participant may hold several permits. One handle for each participant, which its threads may
// share. Permits stay held when the handle is destroyed. A child of fork holds none, and needs a
// handle with its own tag. `state` and the memory of `registry` must outlive the handle.
//
// Everything before a Release happens before everything after the next acquisition of that permit.
class Semaphore {
 public:
  // Uses the first `permits` permits of `state`. The number must be the same in every process.
  template <std::uint32_t kMaxPermits>
  Semaphore(SemaphoreState<kMaxPermits>* state, const Registry& registry, OwnerTag self,
            std::uint32_t permits = kMaxPermits)
      : Semaphore(&state->released,
                  absl::MakeSpan(state->owners).first(std::min(permits, kMaxPermits)), registry,
                  self) {}

  // These return the acquired permit, to be passed to Release. All but TryAcquire block. Nothing:
  // no permit was free, or none until the deadline. A permit of a dead holder counts as free.
  std::uint32_t Acquire() { return *AcquireUntil(Deadline::Never()); }
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
  // False: this participant does not hold `permit`. Nothing was changed. Two threads must not
  // release the same permit.
  bool Release(std::uint32_t permit) {
    // Relaxed: while this participant lives, only it stores and removes its tag.
    if (permit >= owners_.size() || owners_[permit].load(std::memory_order_relaxed) != self_.bits())
        [[unlikely]] {
      return false;
    }
    // A store, not a compare-and-set: nobody takes a permit from a live holder. If this participant
    // dies here, Recover finds either its tag or a free permit, and wakes all waiters in both
    // cases. Release: pairs with the acquire of the next holder.
    owners_[permit].store(0, std::memory_order_release);
    released_.NotifyOne();
    return true;
  }

  // The number of free permits. It may have changed before this returns.
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
  // The permit that this participant tries first, so that participants seldom collide.
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
