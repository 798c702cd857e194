#ifndef MUSTER_IPC_BASE_CACHE_LINE_H_
#define MUSTER_IPC_BASE_CACHE_LINE_H_

#include <cstddef>

namespace muster::ipc {

// What must not be shared between writers is this far apart: two lines of 64
// bytes, since processors fetch them in pairs. A constant, not
// std::hardware_destructive_interference_size, because layouts in shared memory
// must not depend on compiler flags.
inline constexpr std::size_t kCacheLineBytes = 128;

// Tells the processor that this is a spin loop.
inline void SpinPause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_CACHE_LINE_H_
