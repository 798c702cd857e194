#ifndef MUSTER_IPC_MEMORY_INTERNAL_NAMELESS_FILE_H_
#define MUSTER_IPC_MEMORY_INTERNAL_NAMELESS_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc::internal {

// A file that gets its name when it is whole: nobody opens half of it, and a
// maker who dies before leaves nothing. All calls are thread-safe; errors name call and path.

// An empty file, mode 0600, in the folder of `path`. The file system needs O_TMPFILE.
absl::StatusOr<UniqueFd> CreateNamelessFile(const std::string& path);

// Names the file behind `fd`. AlreadyExists: `path` is taken.
absl::Status GiveName(int fd, const std::string& path);

// Names the file behind `fd` in place of what `path` named before, if anything. In between, it
// has the name `path`.unpublished; who dies at that moment leaves that behind, and the next one who
// replaces `path` removes it. Blocks while another one is at that moment, alive.
absl::Status ReplaceName(int fd, const std::string& path);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_MEMORY_INTERNAL_NAMELESS_FILE_H_
