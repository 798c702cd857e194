#include "muster/ipc/zone/local/zone_spinlock.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "muster/ipc/base/cache_line.h"

namespace muster::ipc {
namespace {

// Before each yield, in steps that double. Some 10 µs where a pause is 40 ns.
constexpr int kPauses = 256;
constexpr int kLongestStep = 64;

}  // namespace

ZoneSpinlock::ZoneSpinlock(Spinlock spinlock, RepairCallback repair)
    : spinlock_(std::move(spinlock)),
      repair_(std::move(repair)),
      at_thread_end_(this, [](void* self, HoldingThread& ending) {
        static_cast<ZoneSpinlock*>(self)->AbandonIfHeldBy(ending);
      }) {}

ZoneSpinlock::~ZoneSpinlock() { AbandonIfHeldBy(HoldingThread::Current()); }

void ZoneSpinlock::AbandonIfHeldBy(HoldingThread& thread) {
  if (!guard_.holds() || !IsHeldBy(thread)) return;
  spinlock_.Abandon();
  Release(thread);
}

void ZoneSpinlock::Expire() {
  participant_.End();
  spinlock_.Expire();
}

LockOutcome ZoneSpinlock::TryLockUntil(Deadline deadline) {
  if (!participant_.holds()) return LockOutcome::kNotParticipant;
  HoldingThread& me = HoldingThread::Current();
  if (!TakeLocal(me)) return LockSlowly(me, deadline);
  return Keep(me, spinlock_.TryLockUntil(deadline));
}

LockOutcome ZoneSpinlock::LockSlowly(HoldingThread& me, Deadline deadline) {
  if (IsHeldBy(me)) return LockOutcome::kWouldDeadlock;
  for (;;) {
    for (int spent = 0, step = 1; spent < kPauses; spent += step) {
      // Relaxed, and a plain load: the line stays shared while the owner is at work.
      if (owner_.load(std::memory_order_relaxed) == nullptr && TakeLocal(me)) {
        return Keep(me, spinlock_.TryLockUntil(deadline));
      }
      for (int i = 0; i < step; ++i) SpinPause();
      step = std::min(step * 2, kLongestStep);
    }
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    std::this_thread::yield();
  }
}

void ZoneSpinlock::lock() {
  const LockOutcome outcome = Lock();
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, "ZoneSpinlock::lock");
}

bool ZoneSpinlock::try_lock() {
  const LockOutcome outcome = TryLock();
  if (outcome == LockOutcome::kBusy || outcome == LockOutcome::kWouldDeadlock) return false;
  if (outcome != LockOutcome::kAcquired) RepairOrTerminate(outcome, "ZoneSpinlock::try_lock");
  return true;
}

void ZoneSpinlock::unlock() {
  if (!Unlock()) TerminateFor(LockOutcome::kBusy, "ZoneSpinlock::unlock");
}

void ZoneSpinlock::RepairOrTerminate(LockOutcome outcome, const char* call) {
  if (outcome != LockOutcome::kOwnerDied || repair_ == nullptr || !repair_()) {
    TerminateFor(outcome, call);
  }
}

}  // namespace muster::ipc
