#include "muster/ipc/lock/mutex.h"

#include <utility>

#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/owner_lock.h"
#include "muster/ipc/lock/internal/repair.h"
#include "muster/ipc/lock/internal/spin_budget.h"

namespace muster::ipc {

using internal::FileMutex;
using internal::OwnerLock;
using internal::PausesIn;

namespace {

// How often who never sleeps looks whether the owner lives.
constexpr absl::Duration kLookAtOwnerEvery = absl::Microseconds(10);

}  // namespace

bool MutexState::Recover(OwnerTag dead) { return OwnerLock::Recover(word, &slept, &counts, dead); }

bool MutexState::Reset() { return OwnerLock::Reset(word); }

Mutex::Mutex(MutexState* state, const Registry& registry, OwnerTag self, MutexOptions options)
    : state_(state),
      self_(registry, self),
      pauses_(PausesIn(options.strategy == Strategy::kSpin ? kLookAtOwnerEvery : options.spin)),
      strategy_(options.strategy),
      registry_(registry),
      repair_(std::move(options.repair)) {}

Mutex::Mutex(FileMutex file, RepairCallback repair)
    : file_(std::make_unique<FileMutex>(std::move(file))), repair_(std::move(repair)) {}

absl::StatusOr<Mutex> Mutex::OnFile(const std::string& path, std::int64_t offset,
                                    RepairCallback repair, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(FileMutex file, FileMutex::Open(path, offset, trusted));
  return Mutex(std::move(file), std::move(repair));
}

OwnerLock Mutex::Word() const {
  return OwnerLock(state_->word, &state_->slept, &state_->counts, *registry_, self_);
}

LockOutcome Mutex::LockSlowly(Deadline deadline) {
  if (file_ != nullptr) return file_->Lock(deadline);
  const OwnerLock lock = Word();
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
  return Word().TryLock();
}

bool Mutex::UnlockSlowly() {
  if (file_ != nullptr) return file_->Unlock();
  if (!self_.Confirm(*registry_)) return false;
  return Word().Unlock(OwnerLock::Wake::kOne);
}

void Mutex::MarkConsistent() {
  if (file_ != nullptr) {
    file_->MarkConsistent();
  } else if (self_.Confirm(*registry_)) {
    Word().MarkConsistent();
  }
}

bool Mutex::MarkNotRecoverable() {
  if (file_ != nullptr) return file_->MarkNotRecoverable();
  if (!self_.Confirm(*registry_)) return false;
  return Word().Finish(kPoisonedMark);
}

bool Mutex::Reset() { return file_ != nullptr ? file_->Reset() : OwnerLock::Reset(state_->word); }

bool Mutex::Abandon() {
  if (file_ != nullptr) return file_->Abandon();
  return self_.Confirm(*registry_) && Word().AbandonForThread();
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
