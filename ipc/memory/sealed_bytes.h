#ifndef MUSTER_IPC_MEMORY_SEALED_BYTES_H_
#define MUSTER_IPC_MEMORY_SEALED_BYTES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Bytes in a memfd that nobody can change any more, its maker included: to pass
// a configuration to another process. `name` only shows in /proc.
absl::StatusOr<UniqueFd> SealBytes(absl::string_view name, absl::string_view bytes);

// A copy of the bytes in `fd`, which stays the caller's. InvalidArgument: not sealed
// against every change, so that what was checked could still change; or more than
// `limit_bytes`. Does not use or move the file offset.
absl::StatusOr<std::string> ReadSealedBytes(int fd, std::size_t limit_bytes);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SEALED_BYTES_H_
