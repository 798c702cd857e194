#include "muster/ipc/lock/mutex.h"

#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/owner_lock.h"
#include "muster/ipc/lock/internal/repair.h"
#include "muster/ipc/lock/internal/spin_budget.h"

namespace muster::ipc {

using internal::FileMutex;
using internal::OwnerLock;
using internal::PausesIn;

namespace {

// Never zero and never anybody's tag, so that the inline paths of a file mutex
// fail and ask the slow ones.
constinit std::atomic<std::uint32_t> elsewhere_word{kPoisonedMark};

// How often who never sleeps looks whether the owner lives.
constexpr absl::Duration kLookAtOwnerEvery = absl::Microseconds(10);

}  // namespace

bool MutexState::Recover(OwnerTag dead) { return OwnerLock::Recover(word, dead); }

Mutex::Mutex(MutexState* state, const Registry& registry, OwnerTag self, MutexOptions options)
    : word_(&state->word),
      self_(self.bits()),
      pauses_(PausesIn(options.strategy == Strategy::kSpin ? kLookAtOwnerEvery : options.spin)),
      strategy_(options.strategy),
      registry_(registry),
      repair_(std::move(options.repair)) {
  MUSTER_CHECK(self != OwnerTag(), "nobody cannot own a mutex");
}

Mutex::Mutex(FileMutex file, RepairCallback repair)
    : word_(&elsewhere_word),
      self_(OwnerTag(0, 0).bits()),
      file_(std::make_unique<FileMutex>(std::move(file))),
      repair_(std::move(repair)) {}

absl::StatusOr<Mutex> Mutex::OnFile(const std::string& path, std::int64_t offset,
                                    RepairCallback repair, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(FileMutex file, FileMutex::Open(path, offset, trusted));
  return Mutex(std::move(file), std::move(repair));
}

LockOutcome Mutex::LockSlowly(Deadline deadline) {
  if (file_ != nullptr) return file_->Lock(deadline);
  const OwnerLock lock(*word_, *registry_, OwnerTag::InWord(self_));
  switch (strategy_) {
    case Strategy::kSpin:
      return lock.LockBySpinning(pauses_, deadline);
    case Strategy::kSpinThenSleep:
      return lock.LockBySleeping(pauses_, deadline);
  }
  return LockOutcome::kNotRecoverable;
}

LockOutcome Mutex::TryLockSlowly() {
  if (file_ != nullptr) return file_->TryLock();
  return OwnerLock(*word_, *registry_, OwnerTag::InWord(self_)).TryLock();
}

bool Mutex::UnlockSlowly() {
  if (file_ != nullptr) return file_->Unlock();
  return OwnerLock(*word_, *registry_, OwnerTag::InWord(self_)).Unlock(OwnerLock::Wake::kOne);
}

void Mutex::MarkConsistent() {
  if (file_ != nullptr) {
    file_->MarkConsistent();
  } else {
    OwnerLock(*word_, *registry_, OwnerTag::InWord(self_)).MarkConsistent();
  }
}

bool Mutex::Abandon() {
  if (file_ != nullptr) return file_->Abandon();
  return OwnerLock(*word_, *registry_, OwnerTag::InWord(self_)).Abandon();
}

void Mutex::unlock() {
  if (!Unlock()) TerminateFor(LockOutcome::kBusy, "Mutex::unlock");
}

bool Mutex::Accept(LockOutcome outcome, const char* call) {
  // A thread that tries what it holds gets false, as from a standard mutex.
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kTimedOut ||
      outcome == LockOutcome::kWouldDeadlock) {
    return false;
  }
  Require(outcome, call);
  return true;
}

void Mutex::RepairOrTerminate(LockOutcome outcome, const char* call) {
  internal::RepairOrTerminate(repair_, outcome, call);
  MarkConsistent();
}

}  // namespace muster::ipc
