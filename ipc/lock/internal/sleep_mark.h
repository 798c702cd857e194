#ifndef MUSTER_IPC_LOCK_INTERNAL_SLEEP_MARK_H_
#define MUSTER_IPC_LOCK_INTERNAL_SLEEP_MARK_H_

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/lock/internal/fence.h"

namespace muster::ipc::internal {

// Beside a word in shared memory on which participants sleep: whether one ever did. All bytes zero:
// nobody did. It is never taken back. So where it is not set, no dead participant was woken, and
// none owed a wake, and who recovers the word saves the system call. docs/CRASH_SAFETY.md has the
// argument.
class SleepMark {
 public:
  // Before each FutexWait on the word, which compares it after that: then this is seen by everybody
  // who has seen, or made, a later value of the word. Sequentially consistent: pairs with IsSet.
  void Set() {
    if (set_.load(std::memory_order_seq_cst) == 0) set_.store(1, std::memory_order_seq_cst);
  }
  // After the last change of the word. False: whoever sleeps on the word after that has compared it
  // after that change.
  bool IsSet() const {
    StoreLoadFence();
    return set_.load(std::memory_order_seq_cst) != 0;
  }

 private:
  std::atomic<std::uint32_t> set_{0};
};
static_assert(sizeof(SleepMark) == 4 && std::is_standard_layout_v<SleepMark>);
static_assert(std::is_trivially_destructible_v<SleepMark>);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_SLEEP_MARK_H_
