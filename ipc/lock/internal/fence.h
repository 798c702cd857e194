#ifndef MUSTER_IPC_LOCK_INTERNAL_FENCE_H_
#define MUSTER_IPC_LOCK_INTERNAL_FENCE_H_

#include <atomic>

namespace muster::ipc::internal {

// No later load is done before the earlier stores are visible to all: for the pairs in
// which each side writes its own word and then reads the other's. Without
// it under ThreadSanitizer, which knows no fences (and GCC refuses them there);
// the atomic operations before it are full barriers on the processors it runs on.
inline void StoreLoadFence() {
#if !defined(__SANITIZE_THREAD__)
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_FENCE_H_
