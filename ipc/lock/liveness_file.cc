#include "muster/ipc/lock/liveness_file.h"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/record_lock.h"

namespace muster::ipc {

using internal::FindRecordLock;
using internal::SetRecordLock;

absl::StatusOr<LivenessFile> LivenessFile::Open(const std::string& path) {
  UniqueFd fd(
      RetryOnEintr([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); }));
  if (!fd.valid()) return ErrnoStatus(absl::StrCat("open ", path));
  return LivenessFile(std::move(fd));
}

bool LivenessFile::TryHold(std::uint32_t slot) const {
  // F_SETLK would give a process what it already has.
  return !IsHeld(slot) && SetRecordLock(fd_.get(), F_SETLK, F_WRLCK, slot, 1);
}

bool LivenessFile::IsHeld(std::uint32_t slot) const {
  // Asked as the open file description, to which this process's own locks are
  // foreign too.
  const std::optional<struct flock> found =
      FindRecordLock(fd_.get(), F_OFD_GETLK, F_WRLCK, slot, 1);
  return !found || found->l_type != F_UNLCK;
}

void LivenessFile::Release(std::uint32_t slot) const {
  SetRecordLock(fd_.get(), F_SETLK, F_UNLCK, slot, 1);
}

}  // namespace muster::ipc
