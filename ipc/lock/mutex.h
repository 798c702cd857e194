#ifndef MUSTER_IPC_LOCK_MUTEX_H_
#define MUSTER_IPC_LOCK_MUTEX_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/file_mutex.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of a mutex that lies in shared memory. All bytes zero: unlocked.
struct alignas(kCacheLineBytes) MutexState {
  // OwnerTag and flags, as owner_lock.h says. Written by who locks and unlocks,
  // by who waits (the waiters flag) and by Recover.
  std::atomic<std::uint32_t> word{0};

  // To be called for each participant that died, after Registry::MarkDead, whether
  // it held the mutex or not: sleepers that a dead one should have woken are
  // woken. Idempotent. True: `dead` held it, and the next owner will be told.
  bool Recover(OwnerTag dead);
};
static_assert(sizeof(MutexState) == 128 && alignof(MutexState) == 128);
static_assert(offsetof(MutexState, word) == 0);
static_assert(std::is_standard_layout_v<MutexState>);
static_assert(std::is_trivially_destructible_v<MutexState>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

struct MutexOptions {
  enum class Strategy {
    kSpin,           // never sleeps: for sections of some 100 ns with a processor per participant
    kSpinThenSleep,  // the default
  };
  Strategy strategy = Strategy::kSpinThenSleep;
  // Before a sleep; about what a sleep and a wake cost.
  absl::Duration spin = absl::Microseconds(5);
  // For lock() and its kin, when an owner died. May use what the mutex protects.
  RepairCallback repair;
};

// A mutex between processes which survives the death of its owner at any
// instruction: the next owner is told, and nobody sleeps for ever. One handle per
// participant; not for several threads at once, not recursive, not inherited over
// fork (a child has a tag of its own). `state` and what `registry` views outlive it.
//
// Everything before an Unlock happens before what follows the next Lock, and
// everything a dead owner did happens before what follows kOwnerDied.
class Mutex {
 public:
  using Strategy = MutexOptions::Strategy;

  Mutex(MutexState* state, const Registry& registry, OwnerTag self, MutexOptions options = {});
  // The third strategy, for processes that share no memory but a file: locks the byte at
  // `offset` of `path` (see file_mutex.h), 100 times slower.
  static absl::StatusOr<Mutex> OnFile(const std::string& path, std::int64_t offset,
                                      RepairCallback repair = nullptr);

  // Waits as long as it takes.
  [[nodiscard]] LockOutcome Lock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(Deadline::Never());
  }
  // Never blocks: kBusy.
  [[nodiscard]] LockOutcome TryLock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return TryLockSlowly();
  }
  // Tries at least once.
  [[nodiscard]] LockOutcome TryLockUntil(Deadline deadline) {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(deadline);
  }
  [[nodiscard]] LockOutcome TryLockFor(absl::Duration wait) {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(Deadline::After(wait));
  }
  // False: this participant does not hold it, a bug or a damaged word; nothing was changed.
  bool Unlock() {
    std::uint32_t mine = self_;
    // Release: pairs with the acquire of the next owner. Fails when there are flags.
    if (word_->compare_exchange_strong(mine, kUnlockedWord, std::memory_order_release,
                                       std::memory_order_relaxed)) [[likely]] {
      return true;
    }
    return UnlockSlowly();
  }
  // The owner that was told kOwnerDied has repaired the data.
  void MarkConsistent();

  // The standard's TimedLockable, for std::unique_lock and std::scoped_lock. After
  // kOwnerDied they run the repair callback and mark the mutex consistent; with no
  // callback, or if it fails, or on any other outcome that they cannot return, they
  // end the process with a message.
  void lock() { Require(Lock(), "Mutex::lock"); }
  bool try_lock() { return Accept(TryLock(), "Mutex::try_lock"); }
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
    return Accept(TryLockFor(absl::FromChrono(wait)), "Mutex::try_lock_for");
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return try_lock_for(time - Clock::now());
  }
  void unlock();

 private:
  Mutex(internal::FileMutex file, RepairCallback repair);

  bool TakeFree() {
    std::uint32_t free = kUnlockedWord;
    // Acquire: pairs with the release in Unlock.
    return word_->compare_exchange_strong(free, self_, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  LockOutcome LockSlowly(Deadline deadline);
  LockOutcome TryLockSlowly();
  bool UnlockSlowly();
  void Require(LockOutcome outcome, const char* call) {
    if (outcome != LockOutcome::kAcquired) [[unlikely]]
      RepairOrTerminate(outcome, call);
  }
  bool Accept(LockOutcome outcome, const char* call);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  // For a file mutex a word that the inline paths always find held by another.
  std::atomic<std::uint32_t>* word_;
  std::uint32_t self_;
  std::uint32_t pauses_ = 0;
  Strategy strategy_ = Strategy::kSpinThenSleep;
  std::optional<Registry> registry_;
  std::unique_ptr<internal::FileMutex> file_;
  RepairCallback repair_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_MUTEX_H_
