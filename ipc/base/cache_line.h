#ifndef MUSTER_IPC_BASE_CACHE_LINE_H_
#define MUSTER_IPC_BASE_CACHE_LINE_H_

#include <cstddef>

namespace muster::ipc {

// The distance in bytes between data of different writers: two cache lines of 64 bytes, because
// processors fetch lines in pairs. This is a constant and not
// std::hardware_destructive_interference_size: layouts in shared memory must not depend on
// compiler flags.
inline constexpr std::size_t kCacheLineBytes = 128;

// Hints to the processor that the caller spins. Does nothing on processors without such a hint.
inline void SpinPause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_CACHE_LINE_H_
