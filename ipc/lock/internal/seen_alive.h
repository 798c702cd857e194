#ifndef MUSTER_IPC_LOCK_INTERNAL_SEEN_ALIVE_H_
#define MUSTER_IPC_LOCK_INTERNAL_SEEN_ALIVE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace muster::ipc::internal {

// What this process has learnt from the kernel of late: that a participant lives. A fixed number
// of places, so another participant's news may displace it; then the kernel is asked again, no
// more. Wrongly remembered is nothing, within one chance in 2^40 for each look. Thread-safe, and
// usable in a child of fork.

// `line` and `identity`: which participant. True: it was noted within the last `age`, which is less
// than a minute. One reading of the coarse clock, whose grain is some milliseconds.
bool WasSeenAlive(const void* line, std::uint32_t identity, absl::Duration age);
void NoteSeenAlive(const void* line, std::uint32_t identity);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_SEEN_ALIVE_H_
