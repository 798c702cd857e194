#ifndef MUSTER_IPC_TESTING_SECTION_H_
#define MUSTER_IPC_TESTING_SECTION_H_

namespace muster::ipc::testing {

// The ends of what a victim is stepped through. A trap stops the tracer's child;
// a process that nobody traces dies of it.
inline void SectionMark() {
#if defined(__x86_64__)
  asm volatile("int3" ::: "memory");
#else
  __builtin_trap();
#endif
}

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_SECTION_H_
