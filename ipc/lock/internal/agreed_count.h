#ifndef MUSTER_IPC_LOCK_INTERNAL_AGREED_COUNT_H_
#define MUSTER_IPC_LOCK_INTERNAL_AGREED_COUNT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::ipc::internal {

// Of an array in shared memory: has all programs use the same number of elements. The first caller
// stores `count` in `agreed`, which is zero until then. InvalidArgument: another number is agreed
// on, or `count` is zero. `agreed` may be garbage: it is compared, and never used.
absl::Status AgreeOnCount(std::atomic<std::uint32_t>& agreed, std::size_t count,
                          absl::string_view primitive, absl::string_view elements);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_AGREED_COUNT_H_
