#ifndef MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_
#define MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_

#include <atomic>
#include <cstdint>

#include "muster/ipc/base/deadline.h"

namespace muster::ipc::internal {

// Futexes of words in shared memory: never FUTEX_PRIVATE, so that a wake reaches
// other processes. The words are 32-bit atomics; the kernel looks at them as they are.

// Sleeps while `word` holds `expected`, until a wake, a signal or `deadline`.
// False: the deadline passed. True says nothing about the word: look again. The
// memory must be there as long as anybody waits: if it is unmapped, the process ends,
// because the caller's next look would be at no memory, or at another's.
bool FutexWait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline);

// Returns how many sleepers were woken. The memory may be gone: whoever unlocks a word has
// nothing more to do with it, and its next owner may have unmapped it before the wake. Then
// there is nobody to wake, and the result is -1: do not touch the word again. If something else is
// at that address now, a waiter of it may wake for no reason, as futexes do.
int FutexWakeOne(const std::atomic<std::uint32_t>& word);
int FutexWakeAll(const std::atomic<std::uint32_t>& word);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_FUTEX_H_
