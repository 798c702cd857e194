#ifndef MUSTER_IPC_BASE_TRUSTED_OWNER_H_
#define MUSTER_IPC_BASE_TRUSTED_OWNER_H_

#include <sys/types.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// Whose things a process takes when it finds them by a name, which another user may have taken
// first: what it maps, that user can cut off (SIGBUS); what it locks or reads, that user can hold
// or write. Taken are those of the effective user and of root, if nobody else may write them.
struct TrustedOwner {
  // Those of this user too.
  std::optional<uid_t> user = std::nullopt;
  // Those too that their mode lets a group or everybody write. An access control list with a writer
  // shows in the mode as a group that may write.
  bool others_may_write = false;
};

// PermissionDenied: `what`, which belongs to `owner` and has this `mode`, is not to be taken.
absl::Status CheckOwner(absl::string_view what, uid_t owner, mode_t mode,
                        const TrustedOwner& trusted);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_TRUSTED_OWNER_H_
