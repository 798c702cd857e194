#ifndef MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_
#define MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_

#include <atomic>
#include <cstdint>

#include "muster/ipc/base/deadline.h"

namespace muster::ipc::internal {

// Futexes of words in shared memory: never FUTEX_PRIVATE, so that a wake reaches
// other processes. The words are 32-bit atomics; the kernel looks at them as they are.

// Sleeps while `word` holds `expected`, until a wake, a signal or `deadline`.
// False: the deadline passed. True says nothing about the word: look again.
bool FutexWait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline);

// Returns how many sleepers were woken.
int FutexWakeOne(const std::atomic<std::uint32_t>& word);
int FutexWakeAll(const std::atomic<std::uint32_t>& word);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_
