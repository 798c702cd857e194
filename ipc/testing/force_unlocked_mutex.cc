#include "muster/ipc/testing/force_unlocked_mutex.h"

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"

namespace muster::ipc::testing {
namespace {

// Short, so that a sweep is about sleeping. Servers spin up to 2048 pauses.
constexpr int kLongestSpin = 4;

}  // namespace

ForceUnlockedMutex::ForceUnlockedMutex() {
  MUSTER_CHECK(::sem_init(&wakeups_, /*pshared=*/1, 0) == 0, "sem_init");
}

bool ForceUnlockedMutex::TryLock(std::uint32_t pid) {
  std::uint32_t nobody = 0;
  return owner_.load(std::memory_order_relaxed) == 0 && owner_.compare_exchange_strong(nobody, pid);
}

void ForceUnlockedMutex::Lock(std::uint32_t pid) {
  for (;;) {
    if (TryLock(pid)) return;
    for (int pauses = 1; pauses <= kLongestSpin; pauses *= 2) {
      for (int i = 0; i < pauses; ++i) SpinPause();
      if (TryLock(pid)) return;
    }
    waiting_.fetch_add(1);
    if (TryLock(pid)) {
      waiting_.fetch_sub(1);
      return;
    }
    RetryOnEintr([this] { return ::sem_wait(&wakeups_); });
  }
}

void ForceUnlockedMutex::Unlock(std::uint32_t pid) {
  if (owner_.compare_exchange_strong(pid, 0)) WakeOne();
}

void ForceUnlockedMutex::WakeOne() {
  std::uint32_t waiting = waiting_.load();
  do {
    if (waiting == 0) return;
  } while (!waiting_.compare_exchange_weak(waiting, waiting - 1));
  ::sem_post(&wakeups_);
}

}  // namespace muster::ipc::testing
