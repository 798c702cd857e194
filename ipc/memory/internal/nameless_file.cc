#include "muster/ipc/memory/internal/nameless_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
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

// Nobody can take this name first, or know it before it is there.
absl::StatusOr<std::string> UnpublishedName() {
  constexpr std::size_t kRandomBytes = 16;
  char random[kRandomBytes];
  if (RetryOnEintr([&] { return ::getrandom(random, sizeof(random), 0); }) < 0) {
    return ErrnoStatus("getrandom");
  }
  return absl::StrCat(kUnpublishedPrefix,
                      absl::BytesToHexString(absl::string_view(random, sizeof(random))));
}

// Removes `name` if it is a leftover. Whoever gives a file such a name locks the file before, and
// until it has taken the name away. So who gets the lock knows that the maker is dead, or has done
// so; and only files of our own user are looked at, as nobody else may lock or replace those.
void RemoveUnlessAlive(int folder, const char* name) {
  struct stat file;
  if (::fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(file.st_mode) ||
      file.st_uid != ::geteuid()) {
    return;
  }
  const UniqueFd fd(::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(folder, name, 0);
}

// As far as it can: this is for the sake of others.
void RemoveLeftovers(const std::string& folder) {
  DIR* const entries = ::opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    if (absl::StartsWith(entry->d_name, kUnpublishedPrefix)) {
      RemoveUnlessAlive(::dirfd(entries), entry->d_name);
    }
  }
  ::closedir(entries);
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
  const std::string folder = FolderOf(path);
  RemoveLeftovers(folder);
  // An opening of our own: children of fork may hold `fd`, and keep a lock on it when we are dead.
  // Where the lock cannot be had, somebody to whom `fd` was passed has it, or the file system has
  // none; then it may be that a leftover stays.
  const UniqueFd maker(::open(OwnPath(fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!maker.valid()) return Error("open", OwnPath(fd));
  ::flock(maker.get(), LOCK_EX | LOCK_NB);
  while (true) {
    // link does not replace and rename needs a name, so there is one for a moment.
    MUSTER_ASSIGN_OR_RETURN(const std::string name, UnpublishedName());
    const std::string unpublished = absl::StrCat(folder, "/", name);
    if (!Link(fd, unpublished)) return Error("link", unpublished);
    if (std::rename(unpublished.c_str(), path.c_str()) == 0) return absl::OkStatus();
    const int error = errno;
    // Taken for a leftover, without the lock; or else the next link says that the folder is gone.
    if (error == ENOENT) continue;
    ::unlink(unpublished.c_str());
    return ErrnoStatus(absl::StrCat("rename ", unpublished, " to ", path), error);
  }
}

}  // namespace muster::ipc::internal
