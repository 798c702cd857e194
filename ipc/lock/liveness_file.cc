#include "muster/ipc/lock/liveness_file.h"

#include <fcntl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {
namespace {

struct flock ByteOf(std::uint32_t slot, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = slot;
  range.l_len = 1;
  return range;
}

}  // namespace

absl::StatusOr<LivenessFile> LivenessFile::Open(const std::string& path) {
  UniqueFd fd(
      RetryOnEintr([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); }));
  if (!fd.valid()) return ErrnoStatus(absl::StrCat("open ", path));
  return LivenessFile(std::move(fd));
}

bool LivenessFile::TryHold(std::uint32_t slot) const {
  // F_SETLK would give a process what it already has.
  if (IsHeld(slot)) return false;
  struct flock range = ByteOf(slot, F_WRLCK);
  return RetryOnEintr([&] { return ::fcntl(fd_.get(), F_SETLK, &range); }) == 0;
}

bool LivenessFile::IsHeld(std::uint32_t slot) const {
  // Asked as the open file description, to which this process's own locks are
  // foreign too.
  struct flock range = ByteOf(slot, F_WRLCK);
  if (RetryOnEintr([&] { return ::fcntl(fd_.get(), F_OFD_GETLK, &range); }) != 0) return true;
  return range.l_type != F_UNLCK;
}

void LivenessFile::Release(std::uint32_t slot) const {
  struct flock range = ByteOf(slot, F_UNLCK);
  RetryOnEintr([&] { return ::fcntl(fd_.get(), F_SETLK, &range); });
}

}  // namespace muster::ipc
