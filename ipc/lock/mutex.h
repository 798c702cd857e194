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
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/lock/internal/file_mutex.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/internal/sleep_mark.h"
#include "muster/ipc/lock/lock_counts.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

namespace internal {
class OwnerLock;
}

// The part of a mutex that is in shared memory. All bytes zero: unlocked.
struct alignas(kCacheLineBytes) MutexState {
  // OwnerTag and flags, as described in internal/owner_lock.h. Written by participants that lock
  // and unlock, by waiters (the waiters flag) and by Recover.
  std::atomic<std::uint32_t> word{0};
  // Written by participants that sleep.
  internal::SleepMark slept;
  // Written by participants that wait or recover. Half a line away from the word, so that whoever
  // goes to sleep does not disturb the owner.
  alignas(kCacheLineBytes / 2) LockCounts counts;

  // Call it for each participant that died, after Registry::MarkDead, whether it held the mutex or
  // not. It wakes all sleepers, because the dead one may have owed them a wake; it makes no system
  // call if nobody ever slept. Idempotent. True: `dead` held the mutex, and the next owner gets
  // kOwnerDied.
  bool Recover(OwnerTag dead);

  // Makes a mutex usable again that is kNotRecoverable. The data is still torn, so the next owner
  // gets kOwnerDied. Any process may call it, at any time; a person or a supervisor decides when.
  // It takes nothing from a live owner. False: it was not kNotRecoverable. Nothing was changed.
  bool Reset();
};
static_assert(sizeof(MutexState) == 128 && alignof(MutexState) == 128);
static_assert(offsetof(MutexState, word) == 0 && offsetof(MutexState, slept) == 4 &&
              offsetof(MutexState, counts) == 64);
static_assert(std::is_standard_layout_v<MutexState>);
static_assert(std::is_trivially_destructible_v<MutexState>);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

struct MutexOptions {
  enum class Strategy {
    kSpin,           // never sleeps: for sections of about 100 ns, with a processor per participant
    kSpinThenSleep,  // the default
  };
  Strategy strategy = Strategy::kSpinThenSleep;
  // How long to spin before sleeping. The best value is about the cost of a sleep and a wake.
  absl::Duration spin = absl::Microseconds(5);
  // Called by lock() and the like when an owner died. It may use the data that the mutex protects.
  RepairCallback repair;
};

// A mutex between processes that survives the death of its owner at any instruction: the next owner
// gets kOwnerDied, and no participant sleeps for ever. It spins, then sleeps on a futex. The word
// is laid out like that of a robust futex, with the owner's tag instead of a thread id.
//
// One handle for each participant. A handle is for one thread at a time and is not recursive. In a
// child of fork each Lock returns kNotParticipant and each Unlock false: the child needs its own
// tag, and a handle that it makes itself. The same goes for a tag that the registry does not show
// as live. `state` and the memory of `registry` must outlive it. A tag that is freed later is not
// noticed: Expire the handle before.
//
// Everything before an Unlock happens before everything after the next Lock. Everything that a dead
// owner did happens before everything after kOwnerDied.
class Mutex {
 public:
  using Strategy = MutexOptions::Strategy;

  Mutex(MutexState* state, const Registry& registry, OwnerTag self, MutexOptions options = {});
  // The third strategy, for processes that share a file but no memory: locks the byte at `offset`
  // in `path` (see internal/file_mutex.h). 100 times slower. Creates the file with mode 0600 if it
  // does not exist. Fails with the kernel's error, and as FileLock::Open.
  static absl::StatusOr<Mutex> OnFile(const std::string& path, std::int64_t offset,
                                      RepairCallback repair = nullptr,
                                      const TrustedOwner& trusted = {});

  // Blocks until it has an outcome.
  [[nodiscard]] LockOutcome Lock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return LockSlowly(Deadline::Never());
  }
  // Never blocks. kBusy: a live participant holds the mutex.
  [[nodiscard]] LockOutcome TryLock() {
    if (TakeFree()) [[likely]]
      return LockOutcome::kAcquired;
    return TryLockSlowly();
  }
  // Both block until the deadline at the longest, and try at least once.
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
  // False: this participant does not hold the mutex, because of a bug or a damaged word. Nothing
  // was changed.
  bool Unlock() {
    std::uint32_t mine = self_.bits();
    // Release: pairs with the acquire of the next owner. Fails when flags are set.
    if (self_.holds() &&
        state_->word.compare_exchange_strong(mine, kUnlockedWord, std::memory_order_release,
                                             std::memory_order_relaxed)) [[likely]] {
      return true;
    }
    return UnlockSlowly();
  }
  // Call it after kOwnerDied, when the data is repaired and before Unlock. After an Unlock without
  // it the next owner gets kOwnerDied, too.
  void MarkConsistent();
  // Instead of Unlock, for an owner that knows that nobody can repair the data. From now on every
  // participant gets kNotRecoverable, also those that sleep. False, as Unlock.
  bool MarkNotRecoverable();
  // MutexState::Reset, and the same for a mutex on a file. On a file it fails also if another
  // process locks the byte for a second, or if the file cannot be written.
  bool Reset();
  // Gives the mutex up as if this participant had died: the next owner gets kOwnerDied. For a
  // thread that ends within its section. False, as Unlock. On a file, the byte stays as after a
  // death.
  bool Abandon();
  // The participant has left, or is to leave: from now on each Lock returns kNotParticipant and
  // each Unlock false, also in a thread that waits. Call it before Registry::Leave. Any thread may
  // call it; the inline path of a Lock that runs at the same moment may still acquire.
  void Expire() { self_.End(); }
  // Counts a wait before this lock, in MutexState::counts: for a class that has threads wait in
  // front of it. Nothing on a file.
  void CountWait() {
    if (state_ != nullptr) state_->counts.AddWait();
  }

  // The standard's TimedLockable, for std::unique_lock and std::scoped_lock. After kOwnerDied they
  // call the repair callback and mark the mutex consistent. They print a message and abort if there
  // is no callback, if it returns false, or after any other outcome that they cannot return.
  void lock() { Require(Lock(), "Mutex::lock"); }
  bool try_lock() { return Accept(TryLock(), "Mutex::try_lock"); }
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& wait) {
    return Accept(TryLockUntil(Deadline::After(wait)), "Mutex::try_lock_for");
  }
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    while (true) {
      const LockOutcome outcome = TryLockUntil(Deadline::Until(time));
      // Its clock may go slower than ours, or be set back.
      if (outcome != LockOutcome::kTimedOut || Deadline::Until(time).has_passed()) {
        return Accept(outcome, "Mutex::try_lock_until");
      }
    }
  }
  void unlock() {
    if (!Unlock()) [[unlikely]]
      TerminateFor(LockOutcome::kBusy, "Mutex::unlock");
  }

 private:
  Mutex(internal::FileMutex file, RepairCallback repair);

  bool TakeFree() {
    std::uint32_t free = kUnlockedWord;
    // Acquire: pairs with the release in Unlock.
    return self_.holds() &&
           state_->word.compare_exchange_strong(free, self_.bits(), std::memory_order_acquire,
                                                std::memory_order_relaxed);
  }
  LockOutcome LockSlowly(Deadline deadline);
  LockOutcome TryLockSlowly();
  bool UnlockSlowly();
  internal::OwnerLock Word() const;
  void Require(LockOutcome outcome, const char* call) {
    if (outcome != LockOutcome::kAcquired) [[unlikely]]
      RepairOrTerminate(outcome, call);
  }
  bool Accept(LockOutcome outcome, const char* call);
  void RepairOrTerminate(LockOutcome outcome, const char* call);

  // Null for a file mutex, whose `self_` is nobody: so its inline paths go to the slow ones.
  MutexState* state_ = nullptr;
  internal::Identity self_;
  std::uint32_t pauses_ = 0;
  Strategy strategy_ = Strategy::kSpinThenSleep;
  std::optional<Registry> registry_;
  std::unique_ptr<internal::FileMutex> file_;
  RepairCallback repair_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_MUTEX_H_
