#include "muster/ipc/memory/internal/nameless_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc::internal {
namespace {

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string OwnPath(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

bool Link(int fd, const std::string& path) {
  return ::linkat(AT_FDCWD, OwnPath(fd).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

absl::Status Error(absl::string_view call, const std::string& path) {
  const int error = errno;
  return ErrnoStatus(absl::StrCat(call, " ", path), error);
}

// Whoever names a file `path`.unpublished holds a lock on that file before, and as long as it
// has that name. So who gets the lock and finds the file still there knows that its maker is dead;
// and as only the lock's holder takes that name away, it stays the same file until the unlink.
absl::Status RemoveUnlessAlive(const std::string& path) {
  // Not blocking in open, nor elsewhere, if it is something else.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return errno == ENOENT ? absl::OkStatus() : Error("open", path);
  if (RetryOnEintr([&] { return ::flock(fd.get(), LOCK_EX); }) < 0) return Error("flock", path);
  struct stat locked;
  struct stat named;
  if (::fstat(fd.get(), &locked) < 0) return Error("fstat", path);
  if (::lstat(path.c_str(), &named) < 0) {
    return errno == ENOENT ? absl::OkStatus() : Error("lstat", path);
  }
  if (locked.st_dev != named.st_dev || locked.st_ino != named.st_ino) return absl::OkStatus();
  return ::unlink(path.c_str()) < 0 ? Error("unlink", path) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> CreateNamelessFile(const std::string& path) {
  const std::string folder = FolderOf(path);
  UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) return Error("open O_TMPFILE", folder);
  return fd;
}

absl::Status GiveName(int fd, const std::string& path) {
  return Link(fd, path) ? absl::OkStatus() : Error("link", path);
}

absl::Status ReplaceName(int fd, const std::string& path) {
  // link does not replace and rename needs a name, so there is one for a moment.
  const std::string unpublished = path + ".unpublished";
  // An opening of our own: children of fork may hold `fd`, and keep a lock on it when we are dead.
  const UniqueFd maker(::open(OwnPath(fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!maker.valid()) return Error("open", OwnPath(fd));
  if (RetryOnEintr([&] { return ::flock(maker.get(), LOCK_EX); }) < 0) return Error("flock", path);
  while (!Link(fd, unpublished)) {
    if (errno != EEXIST) return Error("link", unpublished);
    MUSTER_RETURN_IF_ERROR(RemoveUnlessAlive(unpublished));
  }
  if (std::rename(unpublished.c_str(), path.c_str()) < 0) {
    const int error = errno;
    ::unlink(unpublished.c_str());
    return ErrnoStatus(absl::StrCat("rename ", unpublished, " to ", path), error);
  }
  return absl::OkStatus();
}

}  // namespace muster::ipc::internal
