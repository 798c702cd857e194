#ifndef MUSTER_IPC_LOCK_LOCK_COUNTS_H_
#define MUSTER_IPC_LOCK_LOCK_COUNTS_H_

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace muster::ipc {

// In the shared memory of a lock: what happened there since its memory was zero. Only calls that
// found the lock held write it, so an uncontended lock costs nothing more. All bytes zero: nothing
// happened.
//
// Each total is of all processes, and only grows. A process that is killed right beside the count
// leaves a total one off; the lock itself depends on none of this. Programs that were built before
// there were counts do not count. Any process may read it at any time.
class LockCounts {
 public:
  // Calls that found the lock held, spun in vain, and went to sleep; of a lock that never sleeps,
  // those that spun for all of a budget. A call counts once, however often it is woken. With a lock
  // of ipc/zone/local a thread that finds another one of its process within its section counts,
  // too, and once more if it then waits for another process.
  std::uint64_t waits() const { return waits_.load(std::memory_order_relaxed); }
  // How often the lock was taken from a participant that died while it held it, or a thread of
  // which ended within its exclusive section. A reader-writer lock is taken also from dead readers,
  // and from a dead writer that still waited for readers; nobody is told of these.
  std::uint64_t recoveries() const { return recoveries_.load(std::memory_order_relaxed); }

  // For the locks. Relaxed: the counts order nothing, and nothing is ordered by them.
  void AddWait() { waits_.fetch_add(1, std::memory_order_relaxed); }
  void AddRecovery() { recoveries_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint64_t> recoveries_{0};
};
static_assert(sizeof(LockCounts) == 16 && std::is_standard_layout_v<LockCounts>);
static_assert(std::is_trivially_destructible_v<LockCounts>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LOCK_COUNTS_H_
