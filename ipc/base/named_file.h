#ifndef MUSTER_IPC_BASE_NAMED_FILE_H_
#define MUSTER_IPC_BASE_NAMED_FILE_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Files that are found by a name in a folder in which others may write, such as /tmp and /dev/shm.

// open(2) with `flags`, and O_CREAT for mode 0600. Does not follow a symbolic link in the last part
// of `path`; folders on the way may be links, and are the caller's to choose. Does not wait for the
// other end of a FIFO, a device or a lease. Close-on-exec. -1: errno says why.
int OpenName(const std::string& path, int flags);

// The status for errno after OpenName failed.
absl::Status OpenNameError(const std::string& path);

// Whether what `fd` has open, found as `path`, is of `type` (S_IFREG, S_IFIFO) and is to be taken.
// InvalidArgument: another type. PermissionDenied: see CheckOwner.
absl::Status CheckNamedFile(int fd, const std::string& path, mode_t type,
                            const TrustedOwner& trusted);

// Opens and checks.
absl::StatusOr<UniqueFd> OpenNamedFile(const std::string& path, int flags, mode_t type,
                                       const TrustedOwner& trusted);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_NAMED_FILE_H_
