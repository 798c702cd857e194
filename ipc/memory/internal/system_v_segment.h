#ifndef MUSTER_IPC_MEMORY_INTERNAL_SYSTEM_V_SEGMENT_H_
#define MUSTER_IPC_MEMORY_INTERNAL_SYSTEM_V_SEGMENT_H_

#include <cstddef>

#include "absl/status/statusor.h"

namespace muster::ipc::internal {

// A new System V segment of `size_bytes`, whose id nobody else knows: to be attached, and then
// marked for removal, so that it ends with its last user. Its maker may die in
// between, so this first removes the segments of those who did. They are known by their mode, which
// nobody else uses, a creator of our user that is dead, and that nobody has them attached.
// `flags`: SHM_HUGETLB or 0.
absl::StatusOr<int> CreateSystemVSegment(std::size_t size_bytes, int flags);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_MEMORY_INTERNAL_SYSTEM_V_SEGMENT_H_
