#include "muster/host/file_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/host/path.h"
#include "muster/host/wait_note.h"
#include "muster/log/inherited.h"

namespace muster::host {
namespace {

constexpr char kIsFolder[] = ": Is a directory; write the path of a file";

bool MayAccess(const std::string& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

bool IsFolder(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Whether `path` itself is there, though it leads nowhere.
bool IsLink(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

// What hinders the making of something in `folder`, which may lack.
std::string WhyNoRoomIn(std::string folder) {
  struct stat status;
  while (::stat(folder.c_str(), &status) != 0) {
    if (errno != ENOENT || folder == "/") return absl::StrCat(folder, ": ", std::strerror(errno));
    if (IsLink(folder)) return absl::StrCat(folder, " is a symbolic link to what does not exist");
    folder = FolderOf(folder);
  }
  if (!S_ISDIR(status.st_mode)) return absl::StrCat(folder, ": Not a directory");
  if (!MayAccess(folder, W_OK | X_OK)) return absl::StrCat(folder, ": ", std::strerror(errno));
  return "";
}

std::string CannotBeMade(const std::string& path, const std::string& why) {
  return why.empty() ? "" : absl::StrCat(path, " cannot be made: ", why);
}

}  // namespace

std::string WhyNotCreatable(const std::string& path) {
  const WaitNote note("looking at", path);
  if (IsFolder(path)) return absl::StrCat(path, kIsFolder);
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0 && errno == ENAMETOOLONG) {
    return CannotBeMade(path, std::strerror(ENAMETOOLONG));
  }
  return CannotBeMade(path, WhyNoRoomIn(FolderOf(path)));
}

std::string WhyNotWritable(const std::string& path) {
  const WaitNote note("looking at", path);
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::StrCat(path, kIsFolder);
    if (S_ISSOCK(status.st_mode)) return absl::StrCat(path, " is a socket, not a file");
    if (MayAccess(path, W_OK)) return "";
    return absl::StrCat(path, " cannot be written: ", std::strerror(errno));
  }
  // The folders tell more of these.
  if (errno == ENOTDIR || errno == EACCES) return WhyNotCreatable(path);
  if (errno != ENOENT) return absl::StrCat(path, " cannot be written: ", std::strerror(errno));
  if (!IsLink(path)) return WhyNotCreatable(path);
  // Opening makes the file to which a link leads, but not its folder. (A loop was ELOOP.)
  std::error_code error;
  const std::string target =
      JoinPath(FolderOf(path), std::filesystem::read_symlink(path, error).string());
  if (!IsFolder(FolderOf(target))) {
    return absl::StrCat(path, " is a symbolic link to ", target, ", whose folder does not exist");
  }
  return WhyNotWritable(target);
}

std::string WhyNotLoggable(const std::string& path) {
  if (const std::optional<int> number = log::InheritedDescriptor(path); number.has_value()) {
    if (::fcntl(*number, F_GETFD) >= 0) return "";
    return absl::StrCat(path, " cannot be written: ", std::strerror(errno));
  }
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode)) {
    return absl::StrCat(path, " is a block device, not a file");
  }
  return WhyNotWritable(path);
}

std::string WhyNotRunnable(const std::string& path) {
  const WaitNote note("looking at", path);
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return std::strerror(errno);
  if (S_ISDIR(status.st_mode)) return std::strerror(EISDIR);
  if (!S_ISREG(status.st_mode)) return "it is not a regular file";
  if (!MayAccess(path, X_OK)) return std::strerror(errno);
  return "";
}

std::string WhyNotFolder(const std::string& path) {
  const WaitNote note("looking at", path);
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    return absl::StrCat("is no folder: ", std::strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) return absl::StrCat("is no folder: ", std::strerror(ENOTDIR));
  if (!MayAccess(path, X_OK)) return absl::StrCat("may not be entered: ", std::strerror(errno));
  return "";
}

}  // namespace muster::host
