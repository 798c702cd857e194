#include "muster/master/host/file_id.h"

#include <sys/stat.h>

namespace muster::master {

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

}  // namespace muster::master
