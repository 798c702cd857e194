#ifndef MUSTER_IPC_MEMORY_SEALED_BYTES_H_
#define MUSTER_IPC_MEMORY_SEALED_BYTES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Copies `bytes` into a new memfd and seals it, so that no process can change it, not even this
// one. Use it to pass a configuration to another process. `name` is shown in /proc only. The
// descriptor is close-on-exec. Fails with the kernel's error.
absl::StatusOr<UniqueFd> SealBytes(absl::string_view name, absl::string_view bytes);

// A copy of the bytes in `fd`, which remains the caller's. Neither uses nor moves the file offset.
// InvalidArgument: there are more than `limit_bytes`; or the file is not sealed against every
// change, so that a peer could change the bytes after they were checked.
absl::StatusOr<std::string> ReadSealedBytes(int fd, std::size_t limit_bytes);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SEALED_BYTES_H_
