#include "muster/ipc/lock/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/named_file.h"
#include "muster/ipc/base/naps.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/internal/record_lock.h"

namespace muster::ipc {

using internal::FindRecordLock;
using internal::SetRecordLock;

namespace {

struct Commands {
  int try_lock;
  int wait;
  int query;
};

constexpr Commands CommandsOf(FileLockOwner owner) {
  return owner == FileLockOwner::kProcess ? Commands{F_SETLK, F_SETLKW, F_GETLK}
                                          : Commands{F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK};
}

constexpr short TypeOf(FileLockMode mode) {
  return mode == FileLockMode::kShared ? F_RDLCK : F_WRLCK;
}

// Out of line, so that what succeeds builds no strings.
[[gnu::noinline, gnu::cold]] absl::Status Failure(absl::string_view call, int fd, FileRange range) {
  const int error = errno;
  return ErrnoStatus(absl::StrCat(call, " descriptor ", fd, " from byte ", range.first, ", length ",
                                  range.size_bytes),
                     error);
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Open(absl::string_view path, FileLockOwner owner,
                                        FileRange range, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(UniqueFd fd,
                          OpenNamedFile(std::string(path), O_RDWR | O_CREAT, S_IFREG, trusted));
  return FileLock(std::move(fd), owner, range);
}

absl::StatusOr<bool> FileLock::TryLock(FileLockMode mode) const {
  if (SetRecordLock(fd_.get(), CommandsOf(owner_).try_lock, TypeOf(mode), range_.first,
                    range_.size_bytes)) {
    return true;
  }
  if (errno == EAGAIN || errno == EACCES) return false;  // POSIX leaves the choice
  return Failure("lock", fd_.get(), range_);
}

absl::Status FileLock::Lock(FileLockMode mode) const {
  if (SetRecordLock(fd_.get(), CommandsOf(owner_).wait, TypeOf(mode), range_.first,
                    range_.size_bytes)) {
    return absl::OkStatus();
  }
  return Failure("wait for lock on", fd_.get(), range_);
}

absl::StatusOr<bool> FileLock::LockUntil(Deadline deadline, FileLockMode mode) const {
  if (deadline.is_never()) {
    MUSTER_RETURN_IF_ERROR(Lock(mode));
    return true;
  }
  for (Naps naps;; naps.Take(deadline)) {
    auto locked = TryLock(mode);
    if (!locked.ok() || *locked) return locked;
    if (deadline.has_passed()) return false;
  }
}

absl::Status FileLock::Unlock() const {
  if (SetRecordLock(fd_.get(), CommandsOf(owner_).try_lock, F_UNLCK, range_.first,
                    range_.size_bytes)) {
    return absl::OkStatus();
  }
  return Failure("unlock", fd_.get(), range_);
}

absl::StatusOr<std::optional<pid_t>> FileLock::FindHolder(FileLockMode mode) const {
  const std::optional<struct flock> found = FindRecordLock(
      fd_.get(), CommandsOf(owner_).query, TypeOf(mode), range_.first, range_.size_bytes);
  if (!found) return Failure("query lock on", fd_.get(), range_);
  if (found->l_type == F_UNLCK) return std::nullopt;
  return found->l_pid;
}

}  // namespace muster::ipc
