#ifndef MUSTER_IPC_ZONE_LOCAL_HOLDING_THREAD_H_
#define MUSTER_IPC_ZONE_LOCAL_HOLDING_THREAD_H_

#include <cstdint>
#include <vector>

namespace muster::ipc {

// A thread of this process, as the locks of ipc/zone/local know their owners: its address is its
// identity, and it notes what the thread holds. Made when a thread first asks for Current(). Only
// this thread changes it.
//
// When the thread ends and holds something still, every ThreadEndNotice of the process is called.
// This is at a return from the thread's function, after pthread_exit, and after a cancellation. It
// comes after the destructors of thread_local objects, so these may use locks. Destructors of
// pthread keys may use locks too: a thread that does so afterwards gets another HoldingThread. The
// end is not seen when a thread ends by a raw exit system call, when it runs no destructors because
// the process has used up its pthread keys, or in the main thread, whose end is that of the
// process.
class HoldingThread {
 public:
  // Costs a load, but for a thread's first call, which allocates.
  static HoldingThread& Current() {
    if (current_ == nullptr) [[unlikely]]
      return Enrol();
    return *current_;
  }

  // Whether it holds some lock, in any way.
  bool HoldsAny() const { return exclusive_ > 0 || shared_count_ > 0; }

  // One exclusive lock more or less.
  void AddExclusive() { ++exclusive_; }
  void RemoveExclusive() { --exclusive_; }

  // Shared holds of locks, each of which has a number that no other lock of the process had.
  bool HoldsShared(std::uint64_t lock) const;
  void AddShared(std::uint64_t lock) {
    if (shared_count_ < kInline) [[likely]] {
      shared_[shared_count_++] = lock;
    } else {
      more_shared_.push_back(lock);
    }
  }
  // False: it does not hold `lock`.
  bool RemoveShared(std::uint64_t lock) {
    // What was taken last is usually given back first.
    if (more_shared_.empty() && shared_count_ > 0 && shared_[shared_count_ - 1] == lock)
        [[likely]] {
      --shared_count_;
      return true;
    }
    return RemoveSharedSlowly(lock);
  }

 private:
  static constexpr std::uint32_t kInline = 8;

  HoldingThread() = default;
  static HoldingThread& Enrol();
  // At the end of the thread. `thread` is a HoldingThread.
  static void End(void* thread);
  bool RemoveSharedSlowly(std::uint64_t lock);

  inline static constinit thread_local HoldingThread* current_ = nullptr;
  // False: the process had no key left.
  static const bool is_end_seen_;

  std::uint32_t exclusive_ = 0;
  std::uint32_t shared_count_ = 0;
  std::uint64_t shared_[kInline];
  // Those beyond kInline.
  std::vector<std::uint64_t> more_shared_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_HOLDING_THREAD_H_
