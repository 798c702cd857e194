#include "muster/ipc/base/named_file.h"

#include <fcntl.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {

int OpenName(const std::string& path, int flags) {
  return RetryOnEintr([&] {
    return ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
  });
}

absl::Status OpenNameError(const std::string& path) {
  const int error = errno;
  return ErrnoStatus(
      absl::StrCat("open ", path, error == ELOOP ? ", which must not be a symbolic link" : ""),
      error);
}

absl::Status CheckNamedFile(int fd, const std::string& path, mode_t type,
                            const TrustedOwner& trusted) {
  struct stat file;
  if (::fstat(fd, &file) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fstat ", path), error);
  }
  if ((file.st_mode & S_IFMT) != type) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, type == S_IFIFO ? ": not a FIFO" : ": not a regular file"));
  }
  return CheckOwner(path, file.st_uid, file.st_mode, trusted);
}

absl::StatusOr<UniqueFd> OpenNamedFile(const std::string& path, int flags, mode_t type,
                                       const TrustedOwner& trusted) {
  UniqueFd fd(OpenName(path, flags));
  if (!fd.valid()) return OpenNameError(path);
  MUSTER_RETURN_IF_ERROR(CheckNamedFile(fd.get(), path, type, trusted));
  return fd;
}

}  // namespace muster::ipc
