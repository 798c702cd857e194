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

// Names the file behind `fd` in place of what `path` named before, if anything. In between, it has
// an unpredictable name in the same folder, which begins with kUnpublishedPrefix; who dies at that
// moment leaves that behind, and the next process of the same user that replaces a name in that
// folder removes it. Waits for nobody: what others lock or put there is left alone.
absl::Status ReplaceName(int fd, const std::string& path);

inline constexpr char kUnpublishedPrefix[] = ".muster-unpublished-";

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_MEMORY_INTERNAL_NAMELESS_FILE_H_
