#ifndef MUSTER_IPC_LOCK_INTERNAL_OWNER_LOCK_H_
#define MUSTER_IPC_LOCK_INTERNAL_OWNER_LOCK_H_

#include <atomic>
#include <cstdint>

#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/internal/sleep_mark.h"
#include "muster/ipc/lock/lock_counts.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc::internal {

// The slow paths of a lock whose word is its owner's tag, for Mutex, RwLock and
// Once. The word is
//   0                       unlocked
//   tag [waiters]           held
//   tag | died [waiters]    held by one who was told kOwnerDied
//   died [waiters]          nobody's, the owner died
//   a mark (IsMark)         final, until a Reset
//   anything else           damaged; the same as nobody's, the owner died
// Owner and lock are one store, so no death falls between them. Every change is
// a compare-and-set from the exact word seen, and tags are not reused, so a
// word taken from a dead owner cannot be a live one's.
//
// A participant that ends while a thread of it waits gets kNotParticipant there. The word is taken
// before the identity is looked at, and Identity::End comes before Recover: so either that thread
// sees the end, or Recover sees what it took.
//
// Lost wakes: who unlocks and dies before its wake, and who is woken and
// dies before it locks, are both answered by Recover, which wakes all sleepers
// of the lock whatever its word says; they look again. It saves the system call if
// nobody has ever slept there. Whoever leaves the waiting room, with the lock or by
// its deadline, leaves the waiters flag set.
class OwnerLock {
 public:
  // `slept` is beside `word`. Null: nobody ever sleeps, and LockBySleeping is not called. `counts`
  // is null where nobody counts. `self` must outlive it.
  OwnerLock(std::atomic<std::uint32_t>& word, SleepMark* slept, LockCounts* counts,
            const Registry& registry, const Identity& self)
      : word_(word),
        slept_(slept),
        counts_(counts),
        registry_(registry),
        identity_(self),
        self_(self.tag()) {}

  // These ask the identity first. One attempt, which also takes over from a dead owner, and never
  // blocks.
  LockOutcome TryLock() const;
  // Spins for `pauses`, then sleeps. May overrun the deadline by the spinning.
  LockOutcome LockBySleeping(std::uint32_t pauses, Deadline deadline) const;
  // Yields the processor after every `pauses`, and looks whether the owner lives.
  LockOutcome LockBySpinning(std::uint32_t pauses, Deadline deadline) const;

  // All of these return false, changing nothing, if the word does not name this
  // participant. They do not ask the identity.
  enum class Wake { kOne, kAll };
  // A section that began with kOwnerDied and was not marked consistent leaves kAbandonedWord: the
  // next owner is told, too.
  bool Unlock(Wake wake) const;
  // The next owner is told that an owner died.
  bool Abandon() const { return Leave(kAbandonedWord, Wake::kAll); }
  // The same for a thread that ended within its section, which counts as a recovery.
  bool AbandonForThread() const;
  // Nobody will own it again, unless it is reset.
  bool Finish(std::uint32_t mark) const { return Leave(mark, Wake::kAll); }
  bool MarkConsistent() const;

  // After `dead` was marked dead in the registry. Idempotent, and complete only
  // when it returned: a recoverer that dies is followed by another. True: `dead` held it.
  static bool Recover(std::atomic<std::uint32_t>& word, const SleepMark* slept, LockCounts* counts,
                      OwnerTag dead);
  // Changes a mark other than `kept` into kAbandonedWord. False: there was none. A word that names
  // an owner is no mark, so nobody loses a lock. Any process may call it, at any time.
  static bool Reset(std::atomic<std::uint32_t>& word, std::uint32_t kept = kUnlockedWord);

 private:
  // Takes the lock if nobody alive holds it, leaving `flags` set. On kBusy `seen`
  // is the word in which a live owner was found.
  LockOutcome Attempt(std::uint32_t flags, std::uint32_t& seen) const;
  void CountWait() const {
    if (counts_ != nullptr) counts_->AddWait();
  }
  bool MayAct() const { return identity_.Confirm(registry_); }
  // `outcome`, if this is still a participant. Else what was taken is given back.
  LockOutcome Confirmed(LockOutcome outcome) const;
  bool Leave(std::uint32_t next, Wake wake) const;
  // True: acquired. False: the budget is spent, or the word needs a closer look.
  bool Spin(std::uint32_t pauses) const;

  std::atomic<std::uint32_t>& word_;
  SleepMark* slept_;
  LockCounts* counts_;
  const Registry& registry_;
  const Identity& identity_;
  OwnerTag self_;
};

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_OWNER_LOCK_H_
