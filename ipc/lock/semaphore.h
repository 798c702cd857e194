#ifndef MUSTER_IPC_LOCK_SEMAPHORE_H_
#define MUSTER_IPC_LOCK_SEMAPHORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The OwnerTag of the participant that holds a permit. Zero: the permit is free. Written by
// participants that acquire and release it, and by Recover.
using PermitWord = std::atomic<std::uint32_t>;

// What stands before the permits.
struct SemaphoreHeader {
  // For those who wait for a permit.
  EventState released;
  // How many permits are in use. Zero: nobody has created a handle yet. Written once, by the first
  // Create. It is only compared, and leads nowhere.
  std::atomic<std::uint32_t> permits{0};
};

// The part of a semaphore that is in shared memory. All bytes zero: every permit is free. The
// memory knows its number of permits: a program that uses another number gets an error.
//
// Where the number is known only at run time: a SemaphoreHeader, and behind it an array of
// PermitWord.
template <std::uint32_t kMaxPermits>
struct alignas(kCacheLineBytes) SemaphoreState {
  SemaphoreHeader header;
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
// share. Permits stay held when the handle is destroyed. A child of fork holds none. In the child
// the handle acquires and releases nothing: it needs its own tag, and a handle that it makes
// itself. The same goes for a tag that the registry does not show as live. `state` and the memory
// of `registry` must outlive the handle.
//
// Everything before a Release happens before everything after the next acquisition of that permit.
class Semaphore {
 public:
  // InvalidArgument: the memory has another number of permits, or none; the error names both.
  static absl::StatusOr<Semaphore> Create(SemaphoreHeader* header, absl::Span<PermitWord> owners,
                                          const Registry& registry, OwnerTag self);
  // Uses the first `permits` permits of `state`. OutOfRange: `state` has fewer.
  template <std::uint32_t kMaxPermits>
  static absl::StatusOr<Semaphore> Create(SemaphoreState<kMaxPermits>* state,
                                          const Registry& registry, OwnerTag self,
                                          std::uint32_t permits = kMaxPermits) {
    if (permits > kMaxPermits) return TooMany(permits, kMaxPermits);
    return Create(&state->header, absl::MakeSpan(state->owners).first(permits), registry, self);
  }

  // These return the acquired permit, to be passed to Release. All but TryAcquire block. Nothing:
  // no permit was free, or none until the deadline; or, at once, is_participant() is false. A
  // permit of a dead holder counts as free.
  [[nodiscard]] std::optional<std::uint32_t> Acquire() { return AcquireUntil(Deadline::Never()); }
  [[nodiscard]] std::optional<std::uint32_t> TryAcquire() {
    if (TakeFree(first_)) [[likely]]
      return first_;
    return TryAcquireSlowly();
  }
  [[nodiscard]] std::optional<std::uint32_t> AcquireUntil(Deadline deadline) {
    if (TakeFree(first_)) [[likely]]
      return first_;
    return AcquireSlowly(deadline);
  }
  [[nodiscard]] std::optional<std::uint32_t> AcquireFor(absl::Duration wait) {
    return AcquireUntil(Deadline::After(wait));
  }
  // False: this participant does not hold `permit`. Nothing was changed. Two threads must not
  // release the same permit.
  bool Release(std::uint32_t permit) {
    if (permit >= owners_.size() || (!self_.holds() && !is_participant())) [[unlikely]]
      return false;
    PermitWord& owner = owners_.data()[permit];
    // Relaxed: while this participant lives, only it stores and removes its tag.
    if (owner.load(std::memory_order_relaxed) != self_.bits()) [[unlikely]]
      return false;
    // A store, not a compare-and-set: nobody takes a permit from a live holder. If this participant
    // dies here, Recover finds either its tag or a free permit, and wakes all waiters in both
    // cases. Release: pairs with the acquire of the next holder.
    owner.store(0, std::memory_order_release);
    released_.NotifyOne();
    return true;
  }

  // As Mutex::Expire: from now on nothing is acquired, and nothing released.
  void Expire() { self_.End(); }

  // False: this is a child of fork with its parent's handle, or the registry does not show the
  // handle's tag as live, or the handle has expired.
  bool is_participant() const { return self_.Confirm(registry_); }

  // The number of free permits. It may have changed before this returns.
  std::uint32_t available() const;

 private:
  Semaphore(EventState* released, absl::Span<PermitWord> owners, const Registry& registry,
            OwnerTag self);
  static absl::Status TooMany(std::uint32_t permits, std::uint32_t most);

  bool TakeFree(std::uint32_t permit) { return self_.holds() && TakeUnchecked(permit); }
  bool TakeUnchecked(std::uint32_t permit) {
    std::uint32_t free = 0;
    // Acquire: pairs with the release in Release and RecoverPermits.
    return owners_.data()[permit].compare_exchange_strong(
        free, self_.bits(), std::memory_order_acquire, std::memory_order_relaxed);
  }
  std::optional<std::uint32_t> TakeAny();
  // Gives the permit back, and is false, if the handle has expired since.
  bool MayKeep(std::optional<std::uint32_t>& permit);
  std::optional<std::uint32_t> TryAcquireSlowly();
  std::optional<std::uint32_t> AcquireSlowly(Deadline deadline);

  Event released_;
  absl::Span<PermitWord> owners_;
  Registry registry_;
  internal::Identity self_;
  // The permit that this participant tries first, so that participants seldom collide. One of
  // `owners_`.
  std::uint32_t first_;
};

// As SemaphoreState::Recover.
std::uint32_t RecoverPermits(SemaphoreHeader& header, absl::Span<PermitWord> owners, OwnerTag dead);

template <std::uint32_t kMaxPermits>
std::uint32_t SemaphoreState<kMaxPermits>::Recover(OwnerTag dead) {
  static_assert(offsetof(SemaphoreState, owners) == 256);
  static_assert(std::is_standard_layout_v<SemaphoreState>);
  static_assert(std::is_trivially_destructible_v<SemaphoreState>);
  return RecoverPermits(header, absl::MakeSpan(owners), dead);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_SEMAPHORE_H_
