#include "muster/host/file_id.h"

#include <sys/stat.h>

#include "muster/host/path.h"

namespace muster::host {
namespace {

std::optional<FileId> FolderAt(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::string NameIn(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::optional<FileId> FileId::AtPath(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::optional<FileId> FileId::OfDescriptor(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

bool IsSamePlace(const std::string& path, const std::string& other) {
  if (path == other) return true;
  const std::optional<FileId> folder = FolderAt(FolderOf(path));
  return folder.has_value() && folder == FolderAt(FolderOf(other)) && NameIn(path) == NameIn(other);
}

}  // namespace muster::host
