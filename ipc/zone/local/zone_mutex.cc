#include "muster/ipc/zone/local/zone_mutex.h"

#include <utility>

#if defined(__SANITIZE_THREAD__)
#include <thread>
#endif

namespace muster::ipc {
namespace {

bool LockUntil(std::timed_mutex& mutex, Deadline deadline) {
  if (deadline.is_never()) {
    mutex.lock();
    return true;
  }
#if defined(__SANITIZE_THREAD__)
  // GCC 12's ThreadSanitizer does not know pthread_mutex_clocklock, which the standard library
  // calls.
  while (!mutex.try_lock()) {
    if (deadline.has_passed()) return false;
    std::this_thread::yield();
  }
  return true;
#else
  return mutex.try_lock_until(deadline.time());
#endif
}

}  // namespace

ZoneMutex::ZoneMutex(Mutex mutex, RepairCallback repair)
    : mutex_(std::move(mutex)),
      repair_(std::move(repair)),
      at_thread_end_(this, [](void* self, HoldingThread& ending) {
        static_cast<ZoneMutex*>(self)->AbandonIfHeldBy(ending);
      }) {}

ZoneMutex::~ZoneMutex() { AbandonIfHeldBy(HoldingThread::Current()); }

void ZoneMutex::AbandonIfHeldBy(HoldingThread& thread) {
  if (!guard_.holds() || !IsHeldBy(thread)) return;
  mutex_.Abandon();
  Release(thread);
}

void ZoneMutex::Expire() {
  participant_.End();
  mutex_.Expire();
}

LockOutcome ZoneMutex::TryLockUntil(Deadline deadline) {
  if (!participant_.holds()) return LockOutcome::kNotParticipant;
  HoldingThread& me = HoldingThread::Current();
  if (IsHeldBy(me)) return LockOutcome::kWouldDeadlock;
  if (!local_.try_lock()) {
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    mutex_.CountWait();
    if (!LockUntil(local_, deadline)) return LockOutcome::kTimedOut;
  }
  return Keep(me, mutex_.TryLockUntil(deadline));
}

void ZoneMutex::MarkConsistent() {
  if (guard_.holds() && IsHeldBy(HoldingThread::Current())) mutex_.MarkConsistent();
}

bool ZoneMutex::MarkNotRecoverable() {
  if (!guard_.holds()) return false;
  HoldingThread& me = HoldingThread::Current();
  if (!IsHeldBy(me)) return false;
  const bool was_held = mutex_.MarkNotRecoverable();
  Release(me);
  return was_held;
}

void ZoneMutex::unlock() {
  if (!Unlock()) TerminateFor(LockOutcome::kBusy, "ZoneMutex::unlock");
}

bool ZoneMutex::Accept(LockOutcome outcome, const char* call) {
  // A thread that tries what it holds gets false, as from a standard mutex.
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kTimedOut ||
      outcome == LockOutcome::kWouldDeadlock) {
    return false;
  }
  Require(outcome, call);
  return true;
}

void ZoneMutex::RepairOrTerminate(LockOutcome outcome, const char* call) {
  if (outcome != LockOutcome::kOwnerDied || repair_ == nullptr || !repair_()) {
    TerminateFor(outcome, call);
  }
  MarkConsistent();
}

}  // namespace muster::ipc
